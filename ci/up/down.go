package main

import (
	"context"
	"fmt"
)

// down removes what up made, whatever state it is in: a cluster of our own as a whole, from a cluster
// of somebody else's only the release and its volumes' claims.
func (j *job) down(ctx context.Context) error {
	t, err := j.target()
	if err != nil {
		return err
	}
	if t.stop != nil {
		return t.stop(ctx)
	}
	return j.step("uninstall "+j.release+" from "+t.name, func() error {
		if _, err := j.helm(ctx, t, "uninstall", j.release, "--namespace", j.namespace, "--ignore-not-found", "--wait", "--timeout", "5m"); err != nil {
			return err
		}
		_, err := j.kubectl(ctx, t, "delete", "persistentvolumeclaims", "--ignore-not-found", "--selector", "app.kubernetes.io/instance="+j.release)
		if err == nil {
			fmt.Fprintf(j.out, "    the namespace %s stays: remove it yourself if it is of no other use\n", j.namespace)
		}
		return err
	})
}
