package main

import "testing"

func TestMarkNewest(t *testing.T) {
	engines := []engine{
		{Name: "redis-8.0", Engine: "redis", Version: "8.0.2"},
		{Name: "valkey-8.1", Engine: "valkey", Version: "8.1.10"},
		{Name: "valkey-10.0", Engine: "valkey", Version: "10.0.1"},
		{Name: "redis-7.0", Engine: "redis", Version: "7.0.15"},
		{Name: "valkey-9.1", Engine: "valkey", Version: "9.1.2"},
	}
	markNewest(engines)
	want := []string{"valkey-10.0+", "valkey-9.1", "valkey-8.1", "redis-8.0+", "redis-7.0"}
	for i, e := range engines {
		got := e.Name
		if e.Newest {
			got += "+"
		}
		if got != want[i] {
			t.Errorf("%d: got %s, want %s", i, got, want[i])
		}
	}
}

func TestSeries(t *testing.T) {
	for version, want := range map[string]string{"9.1.2": "9.1", "10.0.0": "10.0", "9": "9"} {
		if got := series(version); got != want {
			t.Errorf("%s: got %s, want %s", version, got, want)
		}
	}
}

func TestMerged(t *testing.T) {
	for path, want := range map[string]string{
		"/lib64/ld-linux-x86-64.so.2":         "/usr/lib64/ld-linux-x86-64.so.2",
		"/lib/x86_64-linux-gnu/libc.so.6":     "/usr/lib/x86_64-linux-gnu/libc.so.6",
		"/usr/bin/valkey-server":              "/usr/bin/valkey-server",
		"/library/not":                        "/library/not",
		"/usr/lib/x86_64-linux-gnu/libm.so.6": "/usr/lib/x86_64-linux-gnu/libm.so.6",
	} {
		if got := merged(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}
