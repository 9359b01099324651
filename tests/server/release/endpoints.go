//go:build linux

package release

import (
	"context"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	// probeEvery is how often pods are asked whether they are ready, as the kubelet
	// does each second.
	probeEvery   = 200 * time.Millisecond
	probeTimeout = 2 * time.Second
	// mayFail is how many probes in a row may fail before a pod is not ready.
	mayFail = 1
	// news is how long the nodes of a cluster take to hear that a pod stops.
	news = 500 * time.Millisecond
)

// endpoints are the pods that the release's Services list: those that are ready, and
// that do not stop.
type endpoints struct {
	release *Release
	cancel  context.CancelFunc
	done    sync.WaitGroup

	mu      sync.Mutex
	ready   map[string]string // address by pod
	failed  map[string]int    // probes in a row, by address
	starts  map[string]int    // of each pod
	leaving map[string]bool
	lost    map[string]bool // pods whose node nobody hears of
}

func newEndpoints(r *Release) *endpoints {
	ctx, cancel := context.WithCancel(context.Background())
	e := &endpoints{release: r, cancel: cancel, ready: map[string]string{}, failed: map[string]int{}, starts: map[string]int{}, leaving: map[string]bool{}, lost: map[string]bool{}}
	e.done.Go(func() {
		for ctx.Err() == nil {
			e.probe(ctx)
			select {
			case <-ctx.Done():
			case <-time.After(probeEvery):
			}
		}
	})
	return e
}

func (e *endpoints) close() {
	e.cancel()
	e.done.Wait()
}

func (e *endpoints) probe(ctx context.Context) {
	r := e.release
	r.mu.Lock()
	names := maps.Clone(r.names)
	pods := r.Pods()
	r.mu.Unlock()
	ready := map[string]string{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, p := range pods {
		for _, address := range names[p.Host] {
			all.Go(func() {
				answered := e.release.answersReady(ctx, address)
				mu.Lock()
				defer mu.Unlock()
				if e.counts(p.Name, address, answered) {
					ready[p.Name] = address
				}
			})
		}
	}
	all.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	for pod := range e.lost {
		delete(ready, pod)
	}
	changed := !maps.Equal(ready, e.ready)
	e.ready = ready
	if changed && ctx.Err() == nil {
		r.listReady(slices.Collect(maps.Values(ready)))
	}
}

// counts tells whether a pod is ready after one more probe.
func (e *endpoints) counts(pod, address string, answered bool) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if answered {
		e.failed[address] = 0
		return true
	}
	e.failed[address]++
	return e.ready[pod] == address && e.failed[address] <= mayFail
}

func (r *Release) answersReady(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(address, HTTPPort)+"/ready", nil)
	if err != nil {
		return false
	}
	response, err := r.http.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	var check Check
	return json.NewDecoder(response.Body).Decode(&check) == nil && check.OK
}

func (e *endpoints) left(pod string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	starts := e.starts[pod]
	time.AfterFunc(news, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.starts[pod] == starts {
			e.leaving[pod] = true
		}
	})
}

func (e *endpoints) came(pod string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.starts[pod]++
	delete(e.leaving, pod)
}

// Endpoint is where the write Service sends a new connection: to any pod that is
// ready, and if there is none to any that stops and is.
func (r *Release) Endpoint() string {
	e := r.endpoints
	e.mu.Lock()
	defer e.mu.Unlock()
	var listed, leaving []string
	for pod, address := range e.ready {
		if e.leaving[pod] {
			leaving = append(leaving, address)
		} else {
			listed = append(listed, address)
		}
	}
	if len(listed) == 0 {
		listed = leaving
	}
	if len(listed) == 0 {
		return ""
	}
	return net.JoinHostPort(listed[rand.IntN(len(listed))], ProxyPort)
}

// Lose takes pods off the Services, as the cluster does some time after it has last
// heard of their node. Find ends that.
func (r *Release) Lose(pods ...*Pod) {
	r.endpoints.mu.Lock()
	defer r.endpoints.mu.Unlock()
	for _, p := range pods {
		r.endpoints.lost[p.Name] = true
	}
}

// Find ends Lose for all pods.
func (r *Release) Find() {
	r.endpoints.mu.Lock()
	defer r.endpoints.mu.Unlock()
	clear(r.endpoints.lost)
}
