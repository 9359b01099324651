// Package info reads the answer to INFO.
package info

import (
	"strconv"
	"strings"
)

// Info is one answer to INFO: fields by name, without the headings. Fields that a
// release does not have are absent, and read as zero.
type Info map[string]string

// Replica is one replica as its master lists it ("slave0:ip=…,port=…,state=…").
// Offset is the last acknowledged one in bytes, Lag the seconds since then.
type Replica struct {
	IP     string
	Port   string
	State  string
	Offset int64
	Lag    int64
}

// Parse reads the text of INFO. Lines that are no field are passed over.
func Parse(text string) Info {
	fields := Info{}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		if name, value, ok := strings.Cut(line, ":"); ok {
			fields[name] = value
		}
	}
	return fields
}

// Int is a field as an integer; zero if it is absent or not one.
func (i Info) Int(name string) int64 {
	n, _ := strconv.ParseInt(i[name], 10, 64)
	return n
}

// Is tells whether a field is 1.
func (i Info) Is(name string) bool { return i[name] == "1" }

// Keys is the number of keys in all databases, from the keyspace section.
func (i Info) Keys() int64 {
	var keys int64
	for name, value := range i {
		if !isDatabase(name) {
			continue
		}
		n, _ := strconv.ParseInt(pairs(value)["keys"], 10, 64)
		keys += n
	}
	return keys
}

// Databases lists keys, expires and so on by database number ("0").
func (i Info) Databases() map[string]map[string]string {
	databases := map[string]map[string]string{}
	for name, value := range i {
		if isDatabase(name) {
			databases[strings.TrimPrefix(name, "db")] = pairs(value)
		}
	}
	return databases
}

func isDatabase(name string) bool {
	number, ok := strings.CutPrefix(name, "db")
	if !ok {
		return false
	}
	_, err := strconv.Atoi(number)
	return err == nil
}

// Replicas are those connected to this server, in the server's order.
func (i Info) Replicas() []Replica {
	var replicas []Replica
	for n := range i.Int("connected_slaves") {
		line, ok := i["slave"+strconv.FormatInt(n, 10)]
		if !ok {
			break
		}
		p := pairs(line)
		offset, _ := strconv.ParseInt(p["offset"], 10, 64)
		lag, _ := strconv.ParseInt(p["lag"], 10, 64)
		replicas = append(replicas, Replica{IP: p["ip"], Port: p["port"], State: p["state"], Offset: offset, Lag: lag})
	}
	return replicas
}

func pairs(text string) map[string]string {
	m := map[string]string{}
	for pair := range strings.SplitSeq(text, ",") {
		if key, value, ok := strings.Cut(pair, "="); ok {
			m[key] = value
		}
	}
	return m
}
