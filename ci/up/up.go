package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/helm-valkey/helm-valkey/ci/internal/cache"
	"github.com/helm-valkey/helm-valkey/ci/internal/command"
	"github.com/helm-valkey/helm-valkey/ci/internal/progress"
)

// job is what the command line asks for.
type job struct {
	context, image, namespace, release string

	root  string
	cache cache.Dir
	out   io.Writer
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	j := job{out: stdout}
	flags := flag.NewFlagSet("up", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&j.context, "context", "", "use this context of your kubeconfig instead of a cluster of our own")
	flags.StringVar(&j.image, "image", "", "the entrypoint's image that the context's nodes pull, registry/name:tag (default: the chart's)")
	flags.StringVar(&j.namespace, "namespace", "valkey", "namespace of the release")
	flags.StringVar(&j.release, "release", "valkey", "name of the release")
	down := flags.Bool("down", false, "remove everything instead")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return 2
	}
	do := j.up
	if *down {
		do = j.down
	}
	if err := j.prepare(); err != nil {
		fmt.Fprintln(stderr, "up:", err)
		return 1
	}
	if err := do(ctx); err != nil {
		fmt.Fprintln(stderr, "up:", err)
		return 1
	}
	return 0
}

func (j *job) prepare() error {
	dir, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("find the project: %w", err)
	}
	// Commands of this module run in its folder, "go -C ci run …".
	j.root = filepath.Dir(dir)
	if _, err := os.Stat(filepath.Join(j.root, "charts", "valkey", "Chart.yaml")); err != nil {
		return fmt.Errorf("run this as go -C ci run ./up, from the project's root: %w", err)
	}
	j.cache, err = cache.Open()
	return err
}

func (j *job) up(ctx context.Context) error {
	began := time.Now()
	if err := j.step("build the entrypoint and the plugin", func() error { return j.build(ctx) }); err != nil {
		return err
	}
	t, err := j.target()
	if err != nil {
		return err
	}
	fmt.Fprintf(j.out, "Kubernetes: %s\n", t.name)
	// The cluster's own part prints its progress itself: it is the long one.
	if err := t.start(ctx); err != nil {
		return err
	}
	if err := j.install(ctx, t); err != nil {
		return err
	}
	fmt.Fprintf(j.out, "\nUp after %s.\n\n", progress.Seconds(time.Since(began)))
	j.tell(t)
	return nil
}

// step prints one line before and one after a part of the job.
func (j *job) step(what string, do func() error) error {
	return progress.New(j.out, 1).Step(what, do)
}

func (j *job) build(ctx context.Context) error {
	_, err := command.Command{Dir: j.root}.Run(ctx, "make", "--no-print-directory", "entrypoint", "plugin")
	return err
}

func (j *job) binary() string { return filepath.Join(j.root, "bin", "entrypoint") }

func (j *job) plugin() string { return filepath.Join(j.root, "plugin", "bin", "helm-valkey") }

// helper runs another command of this module with its output shown.
func (j *job) helper(ctx context.Context, args ...string) error {
	return command.Helper(ctx, j.out, args...)
}

func (j *job) install(ctx context.Context, t target) error {
	args := []string{
		"upgrade", "--install", j.release, filepath.Join(j.root, "charts", "valkey"), "--namespace", j.namespace, "--create-namespace",
		"--wait", "--timeout", "5m", "--post-renderer", j.plugin(), "--post-renderer-args", "post-render",
	}
	for _, value := range t.values {
		args = append(args, "--set-string", value)
	}
	if err := j.step("helm upgrade --install "+j.release+" charts/valkey", func() error {
		_, err := j.helm(ctx, t, args...)
		return err
	}); err != nil {
		return err
	}
	return j.step("write a key through the write endpoint, read it through the read endpoint", func() error {
		said, err := j.kubectl(ctx, t, "exec", j.name()+"-master-0", "--container", "valkey", "--", "/opt/entrypoint/entrypoint", "verify",
			"--write", j.name()+"-master:6379", "--read", j.name()+"-replica:6379", "--password-file", "/run/secrets/valkey/password")
		for line := range strings.Lines(said) {
			fmt.Fprint(j.out, "    ", line)
		}
		return err
	})
}

// kubectl runs it in the release's namespace.
func (j *job) kubectl(ctx context.Context, t target, args ...string) (string, error) {
	return command.Command{Env: t.env}.Run(ctx, t.kubectl, append(append([]string{"--namespace", j.namespace}, t.kubectlFlags...), args...)...)
}

// name is the one that the chart gives the release's objects.
func (j *job) name() string {
	if strings.Contains(j.release, "valkey") {
		return j.release
	}
	return j.release + "-valkey"
}

func (j *job) helm(ctx context.Context, t target, args ...string) (string, error) {
	return command.Command{Env: t.env}.Run(ctx, j.cache.Bin("helm3"), append(args, t.flags...)...)
}

func (j *job) tell(t target) {
	kubectl := strings.Join(append([]string{t.kubectl}, t.kubectlFlags...), " ")
	for _, env := range t.env {
		fmt.Fprintf(j.out, "  export %s\n", env)
	}
	fmt.Fprintf(j.out, `  write to   %[2]s-master.%[3]s.svc:6379
  read from  %[2]s-replica.%[3]s.svc:6379
  password   %[1]s -n %[3]s get secret %[2]s -o jsonpath='{.data.valkey-password}' | base64 -d

Try next:
  %[1]s -n %[3]s get pods
  %[1]s -n %[3]s port-forward svc/%[2]s-master 6379:6379
  %[1]s -n %[3]s port-forward pod/%[2]s-master-0 9121:9121, then curl localhost:9121/status
  %[1]s -n %[3]s delete pod %[2]s-master-0, and see that nothing is lost
  %[4]s
`, kubectl, j.name(), j.namespace, j.undo())
}

// undo is the command that removes what this one made.
func (j *job) undo() string {
	if j.context == "" {
		return "make down"
	}
	return fmt.Sprintf("make down CONTEXT=%s NAMESPACE=%s RELEASE=%s", j.context, j.namespace, j.release)
}
