package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/driver"
	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/upgrade"
)

const wrapUsage = `Usage: helm valkey %[1]s %[2]s [FLAG]…

%[1]s is "helm %[1]s" for this chart, with all of Helm's flags.
%[3]s
Errors end it with the exit code 1; else the exit code is Helm's.
  --patches DIR, --set-image-digests FILE
                         as with "helm valkey post-render"
`

const allowUsage = `  --allow RULE           go on in spite of what a rule on upgrades finds, VK303
                         for example; several between commas
`

func installCommand() command {
	return wrapCommand(driver.Install, "[NAME] CHART", `Before anything is sent, the values are linted, and what is rendered goes
through "helm valkey post-render".`, "")
}

func upgradeCommand() command {
	return wrapCommand(driver.Upgrade, "RELEASE CHART", `Before anything is sent, the values are linted, what is rendered goes through
"helm valkey post-render", and is compared with what is in the cluster, as
"helm valkey diff-check" does.`, allowUsage)
}

func templateCommand() command {
	return wrapCommand(driver.Template, "[NAME] CHART", `Before anything is printed, the values are linted, and what is rendered goes
through "helm valkey post-render".`, "")
}

func wrapCommand(name, form, checks, flags string) command {
	return command{
		name:    name,
		summary: fmt.Sprintf("helm %s of the chart, with all checks before", name),
		usage:   fmt.Sprintf(wrapUsage, name, form, checks) + flags,
		run: func(ctx context.Context, s streams, args []string) (int, error) {
			return runWrapped(ctx, s, name, args)
		},
	}
}

// wrapped is a command of Helm that is run with checks.
type wrapped struct {
	streams
	line   driver.Line
	helm   driver.Binary
	folder string // for what is needed only meanwhile
	values []byte // of the standard input, where they are read from it
	allow  []string
	// told are the messages of the post-renderer that have been shown.
	told string
}

func runWrapped(ctx context.Context, s streams, name string, args []string) (int, error) {
	line, err := driver.Parse(name, args)
	if err != nil {
		return 0, &usageError{name + ": " + err.Error()}
	}
	if line.Has("help") {
		return 0, flag.ErrHelp
	}
	if err := line.Check(); err != nil {
		return 0, &usageError{err.Error()}
	}
	w := wrapped{streams: s, line: line}
	if w.allow, err = allowed(line.Values("allow")); err != nil {
		return 0, err
	}
	if w.helm, err = driver.Find(ctx); err != nil {
		return 0, err
	}
	if w.folder, err = os.MkdirTemp("", "helm-valkey-"); err != nil {
		return 0, err
	}
	defer os.RemoveAll(w.folder)
	code, err := w.run(ctx)
	var refused *driver.Error
	if errors.As(err, &refused) {
		fmt.Fprintln(s.err, refused.Error())
		return refused.Code, nil
	}
	return code, err
}

// allowed reads the rules of --allow.
func allowed(values []string) ([]string, error) {
	var ids []string
	for _, value := range values {
		for id := range strings.SplitSeq(value, ",") {
			id = strings.ToUpper(strings.TrimSpace(id))
			if !slices.ContainsFunc(upgrade.Rules(), func(r finding.Rule) bool { return r.ID == id }) {
				return nil, &usageError{fmt.Sprintf("--allow %s: it takes rules on upgrades, from VK301 on", id)}
			}
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func (w *wrapped) run(ctx context.Context) (int, error) {
	if slices.Contains(w.files(), stdinName) {
		var err error
		if w.values, err = io.ReadAll(w.in); err != nil {
			return 0, fmt.Errorf("read values from the standard input: %w", err)
		}
	}
	if code, err := w.lint(ctx); err != nil || code != Clean {
		return w.stopped(code), err
	}
	if w.line.Command == driver.Template {
		return w.template(ctx)
	}
	flags, variables, err := w.checks(ctx)
	if err != nil {
		return 0, err
	}
	if code, err := w.plan(ctx, flags, variables); err != nil || code != Clean {
		return w.stopped(code), err
	}
	code, err := w.helm.Run(w.input(), w.out, w.err, variables, w.line.With(flags...)...)
	w.tellMessages()
	return code, err
}

// stopped says, when findings end the command, that they do so in time.
func (w *wrapped) stopped(code int) int {
	if code == Findings && w.line.Command != driver.Template {
		fmt.Fprintln(w.err, "helm valkey: nothing has been sent to the cluster")
	}
	return code
}

// input is Helm's standard input.
func (w *wrapped) input() io.Reader {
	if w.values != nil {
		return bytes.NewReader(w.values)
	}
	return w.stdin
}

// ownPostRenderer says whether the user has one; Helm takes one only.
func (w *wrapped) ownPostRenderer() bool { return len(w.line.Values("post-renderer")) > 0 }

// postRenderArgs are the flags of the line that post-render knows.
func (w *wrapped) postRenderArgs(names ...string) []string {
	var args []string
	for _, name := range names {
		for _, value := range w.line.Values(name) {
			args = append(args, "--"+name, value)
		}
	}
	return args
}

// changing are the flags of post-render that change what is rendered.
var changing = []string{"patches", "set-image-digests"}

// checks are the flags and variables with which Helm runs the plugin over what it
// renders.
func (w *wrapped) checks(ctx context.Context) (flags, variables []string, err error) {
	if w.ownPostRenderer() {
		if given := w.postRenderArgs(changing...); len(given) > 0 {
			return nil, nil, &usageError{fmt.Sprintf("%s: Helm takes one post-renderer: leave --post-renderer, or %s", w.line.Command, given[0])}
		}
		return nil, nil, nil
	}
	program, err := os.Executable()
	if err != nil {
		return nil, nil, fmt.Errorf("find the plugin's program: %w", err)
	}
	args := append([]string{"post-render", "--messages", w.messages()}, w.postRenderArgs("patches", "set-image-digests", "namespace")...)
	return w.helm.PostRenderer(ctx, filepath.Join(w.folder, "plugins"), program, args...)
}

// messages is the file for what the post-renderer has to say: of its standard
// error Helm 3 shows no warnings, and Helm 4 nothing at all.
func (w *wrapped) messages() string { return filepath.Join(w.folder, "messages") }

// tellMessages shows what the post-renderer had to say, if it is new.
func (w *wrapped) tellMessages() {
	said, err := os.ReadFile(w.messages())
	if err != nil {
		return // it had nothing to say
	}
	if text := string(said); text != w.told {
		fmt.Fprint(w.err, strings.TrimPrefix(text, w.told))
		w.told = text
	}
}
