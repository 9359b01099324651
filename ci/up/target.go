package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/helm-valkey/helm-valkey/ci/internal/command"
)

// target is a Kubernetes to install into.
type target struct {
	name string
	// start brings it up and gives it the images; stop takes down what start brought up, and is nil
	// where the cluster is somebody else's.
	start, stop func(ctx context.Context) error
	// env and flags point Helm at it, kubectlFlags kubectl.
	env, flags   []string
	kubectl      string
	kubectlFlags []string
	// values are set besides the chart's own.
	values []string
}

const (
	kubeconfig  = "/var/lib/helm-valkey/cluster/kubeconfig"
	kindCluster = "helm-valkey"
	kindPrefix  = "kind-"
)

// target chooses where to install. A context has to be named: whatever kubectl happens to point at
// could be somebody's production.
func (j *job) target() (target, error) {
	switch {
	case j.context != "":
		return j.named()
	case os.Geteuid() == 0 && isDebian():
		return j.own(), nil
	case has("kind") && has("docker"):
		return j.kind(kindCluster), nil
	default:
		return target{}, errors.New(`no Kubernetes to use here. One of these will do:
  - run this as root on Debian: it then starts a cluster of its own
  - install kind and Docker: it then starts a kind cluster
  - name a context of your kubeconfig: make up CONTEXT=name`)
	}
}

func isDebian() bool {
	_, err := os.Stat("/etc/debian_version")
	return err == nil
}

func has(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// own is the cluster of ci/cluster, on this machine.
func (j *job) own() target {
	tag := j.tag()
	return target{
		name: "three nodes on this machine", kubectl: j.cache.Bin("kubectl"), env: []string{"KUBECONFIG=" + kubeconfig},
		values: []string{"entrypoint.image.tag=" + tag},
		start: func(ctx context.Context) error {
			for _, step := range [][]string{
				{"./deps"}, {"./tools", "helm"}, {"./images", "engines"}, {"./images", "build"},
				{"./images", "entrypoint", j.binary(), tag}, {"./cluster", "build"}, {"./cluster", "up"}, {"./cluster", "load", j.archive(tag)},
			} {
				if err := j.helper(ctx, step...); err != nil {
					return err
				}
			}
			return nil
		},
		stop: func(ctx context.Context) error { return j.helper(ctx, "./cluster", "down") },
	}
}

// kind is a cluster in Docker, for machines that are no Debian.
func (j *job) kind(cluster string) target {
	tag := j.tag()
	flag := []string{"--context", kindPrefix + cluster}
	return target{
		name: "kind", kubectl: "kubectl", kubectlFlags: flag, flags: []string{"--kube-context", kindPrefix + cluster},
		values: []string{"entrypoint.image.tag=" + tag},
		start: func(ctx context.Context) error {
			for _, step := range [][]string{{"./tools", "helm"}, {"./images", "entrypoint", j.binary(), tag}} {
				if err := j.helper(ctx, step...); err != nil {
					return err
				}
			}
			return j.step("kind cluster "+cluster, func() error { return j.startKind(ctx, cluster, j.archive(tag)) })
		},
		stop: func(ctx context.Context) error {
			_, err := command.Run(ctx, "kind", "delete", "cluster", "--name", cluster)
			return err
		},
	}
}

func (j *job) startKind(ctx context.Context, cluster, archive string) error {
	clusters, err := command.Run(ctx, "kind", "get", "clusters")
	if err != nil {
		return err
	}
	if !strings.Contains("\n"+clusters, "\n"+cluster+"\n") {
		if _, err := command.Run(ctx, "kind", "create", "cluster", "--name", cluster, "--wait", "5m"); err != nil {
			return err
		}
	}
	_, err = command.Run(ctx, "kind", "load", "image-archive", archive, "--name", cluster)
	return err
}

// named is a cluster that exists already. Nodes of a kind cluster are given the image; all others
// pull it from the registry that the user names, or the published one.
func (j *job) named() (target, error) {
	t := target{
		name: "context " + j.context, kubectl: "kubectl", kubectlFlags: []string{"--context", j.context}, flags: []string{"--kube-context", j.context},
	}
	if cluster, ok := strings.CutPrefix(j.context, kindPrefix); ok && has("kind") {
		k := j.kind(cluster)
		t.start, t.values = k.start, k.values
		return t, nil
	}
	if j.image != "" {
		repository, tag, ok := cutTag(j.image)
		if !ok {
			return target{}, fmt.Errorf("the entrypoint's image %q has no tag: use IMAGE=registry/name:tag", j.image)
		}
		registry, path, _ := strings.Cut(repository, "/")
		t.values = []string{"entrypoint.image.registry=" + registry, "entrypoint.image.repository=" + path, "entrypoint.image.tag=" + tag}
	}
	t.start = func(ctx context.Context) error { return j.helper(ctx, "./tools", "helm") }
	return t, nil
}

// cutTag splits registry/name:tag; a port of the registry is no tag.
func cutTag(image string) (repository, tag string, ok bool) {
	i := strings.LastIndexByte(image, ':')
	if i < 0 || strings.Contains(image[i:], "/") || !strings.Contains(image[:i], "/") {
		return "", "", false
	}
	return image[:i], image[i+1:], i+1 < len(image)
}

// tag names the entrypoint's image by its content, so that a change of it rolls the pods. Before it is
// built there is nothing to name.
func (j *job) tag() string {
	content, err := os.ReadFile(j.binary())
	if err != nil {
		return "unbuilt"
	}
	sum := sha256.Sum256(content)
	return "dev-" + hex.EncodeToString(sum[:6])
}

func (j *job) archive(tag string) string { return j.cache.Images("entrypoint-" + tag + ".tar") }
