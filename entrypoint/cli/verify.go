//go:build linux

package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/info"
	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
)

const (
	verifyEvery = 20 * time.Millisecond
	verifyTTL   = "60"
)

// verify writes a key through one endpoint and reads it through another, as a
// client would; where there are Sentinels, also from the master that they name.
func verify(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("verify", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	write := flags.String("write", "", "")
	read := flags.String("read", "", "")
	sentinel := flags.String("sentinel", "", "")
	masterSet := flags.String("master-set", "mymaster", "")
	passwordFile := flags.String("password-file", "", "")
	timeout := flags.Duration("timeout", 30*time.Second, "")
	if err := flags.Parse(args); err != nil {
		return usageError("verify: " + err.Error())
	}
	if *write == "" || flags.NArg() > 0 {
		return usageError("verify takes --write HOST:PORT, and --read, --sentinel, --master-set, --password-file, --timeout if you like")
	}
	if *read == "" {
		*read = *write
	}
	var password string
	if *passwordFile != "" {
		content, err := os.ReadFile(*passwordFile)
		if err != nil {
			return fmt.Errorf("read the password: %w", err)
		}
		password = strings.TrimRight(string(content), "\r\n")
	}
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	v := verification{password: password, key: "entrypoint:verify:" + rand.Text(), value: rand.Text(), stdout: stdout}
	return v.run(ctx, *write, *read, *sentinel, *masterSet)
}

type verification struct {
	password, key, value string
	stdout               io.Writer
}

func (v verification) run(ctx context.Context, write, read, sentinel, masterSet string) error {
	began := time.Now()
	if _, err := v.until(ctx, write, func(string) bool { return true }, "SET", v.key, v.value, "EX", verifyTTL); err != nil {
		return fmt.Errorf("write through %s: %w", write, err)
	}
	fmt.Fprintf(v.stdout, "wrote %s through %s (%s)\n", v.key, write, time.Since(began).Round(time.Millisecond))
	began = time.Now()
	role, err := v.until(ctx, read, func(got string) bool { return got == v.value }, "GET", v.key)
	if err != nil {
		return errors.Join(fmt.Errorf("read through %s: %w", read, err), v.remove(ctx, write))
	}
	fmt.Fprintf(v.stdout, "read it from a %s through %s (%s)\n", role, read, time.Since(began).Round(time.Millisecond))
	if sentinel != "" {
		began = time.Now()
		master, err := v.named(ctx, sentinel, masterSet)
		if err != nil {
			return errors.Join(fmt.Errorf("find the master of %s through Sentinel %s: %w", masterSet, sentinel, err), v.remove(ctx, write))
		}
		fmt.Fprintf(v.stdout, "read it from %s, which Sentinel names as master of %s (%s)\n", master, masterSet, time.Since(began).Round(time.Millisecond))
	}
	return v.remove(ctx, write)
}

// named asks a Sentinel for the master until that has the key, and returns its address.
func (v verification) named(ctx context.Context, sentinel, masterSet string) (string, error) {
	return repeat(ctx, func() (string, error) {
		address, err := v.ask(ctx, sentinel, masterSet)
		if err != nil {
			return "", err
		}
		role, answer, err := v.once(ctx, address, []string{"GET", v.key})
		if err == nil && (role != "master" || answer != v.value) {
			err = fmt.Errorf("it names %s, a %s that answered %q to GET", address, role, answer)
		}
		return address, err
	})
}

// ask has a Sentinel say where the master is.
func (v verification) ask(ctx context.Context, sentinel, masterSet string) (string, error) {
	conn, err := resp.Dial(ctx, resp.Options{Addr: sentinel, Password: v.password})
	if err != nil {
		return "", err
	}
	defer conn.Close()
	value, err := conn.Do(ctx, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", masterSet)
	if err == nil && len(value.Array) != 2 {
		err = errors.New("it knows no master of that name")
	}
	if err != nil {
		return "", err
	}
	return net.JoinHostPort(value.Array[0].Str, value.Array[1].Str), nil
}

const removeTimeout = 5 * time.Second

// remove deletes the key, also when the time for all else is over.
func (v verification) remove(ctx context.Context, write string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTimeout)
	defer cancel()
	if _, err := v.until(ctx, write, func(string) bool { return true }, "DEL", v.key); err != nil {
		return fmt.Errorf("delete it through %s: %w", write, err)
	}
	fmt.Fprintln(v.stdout, "deleted it")
	return nil
}

// until repeats a command on new connections until its answer is wanted, and
// returns the role of the server that gave it.
func (v verification) until(ctx context.Context, address string, wanted func(string) bool, command ...string) (string, error) {
	return repeat(ctx, func() (string, error) {
		role, answer, err := v.once(ctx, address, command)
		if err == nil && !wanted(answer) {
			err = fmt.Errorf("%s answered %q", command[0], answer)
		}
		return role, err
	})
}

// repeat tries until it succeeds or ctx ends. Its error is the last that was not cut off.
func repeat(ctx context.Context, try func() (string, error)) (string, error) {
	var last error
	for {
		found, err := try()
		if err == nil {
			return found, nil
		}
		if ctx.Err() == nil || last == nil {
			// What the deadline cut off says less than what was answered before.
			last = err
		}
		select {
		case <-ctx.Done():
			return "", errors.Join(last, ctx.Err())
		case <-time.After(verifyEvery):
		}
	}
}

func (v verification) once(ctx context.Context, address string, command []string) (role, answer string, err error) {
	conn, err := resp.Dial(ctx, resp.Options{Addr: address, Password: v.password})
	if err != nil {
		return "", "", err
	}
	defer conn.Close()
	value, err := conn.Do(ctx, command...)
	if err != nil {
		return "", "", err
	}
	about, err := conn.Do(ctx, "INFO", "replication")
	if err != nil {
		return "", "", err
	}
	role = info.Parse(about.Str)["role"]
	if role == "slave" {
		role = "replica"
	}
	return role, value.Str, nil
}
