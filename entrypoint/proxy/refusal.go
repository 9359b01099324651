package proxy

import "bytes"

// readOnlyCode begins what a replica answers to a write.
const readOnlyCode = "-READONLY "

// refusals are errors of servers that are no masters, or not yet. Each says that the
// command did not run.
var refusals = []struct {
	code  string
	texts []string // how it goes on, somewhere, when it is the server's own
	only  traits   // without which it means something else
}{
	{code: readOnlyCode, texts: []string{"write against a read only replica", "write flag on readonly replica"}},
	{code: "-LOADING ", texts: []string{"loading the dataset in memory"}},
	{code: "-MASTERDOWN ", texts: []string{"Link with MASTER is down"}},
	{code: "-REDIRECT "},
	// Of a command that waited when the server lost its role.
	{code: "-UNBLOCKED force unblock from blocking operation", only: blocking},
}

// refusal tells whether an error says that the command did not run because the server
// is no master, not yet or not any more. Scripts can say anything: from them, and from
// commands that are not known, it has to be in the server's own words.
func refusal(line []byte, t traits) bool {
	for _, r := range refusals {
		if !bytes.HasPrefix(line, []byte(r.code)) || t&r.only != r.only {
			continue
		}
		if t != 0 && t&scripted == 0 {
			return true
		}
		for _, text := range r.texts {
			if bytes.Contains(line, []byte(text)) {
				return true
			}
		}
	}
	return false
}

// rephrase tells whether an error says that a write did not run, and no other server would
// run it: the client is told why in the owner's words. It has to be there whole.
func (u *upstream) rephrase(l *loop, line []byte) bool {
	return l.readOnly != nil && !u.past && bytes.HasPrefix(line, []byte(readOnlyCode)) && bytes.IndexByte(line, '\n') >= 0
}
