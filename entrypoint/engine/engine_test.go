package engine

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name, output string
		want         Release
	}{
		{"valkey", "Valkey server v=9.1.2 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1", Release{Valkey, 9, 1, 2}},
		{"redis", "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64", Release{Redis, 7, 0, 15}},
		{"pre-release", "Valkey server v=9.2.0-rc1 sha=0", Release{Valkey, 9, 2, 0}},
		{"wrapped", "warning: x\nRedis server v=8.0.2 sha=0\n", Release{Redis, 8, 0, 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse(tt.output)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
	for _, bad := range []string{"", "postgres 16", "Valkey server v=9", "Valkey server v=99999999999999999999.1.1"} {
		_, err := Parse(bad)
		require.Error(t, err, bad)
	}
}

func TestSince(t *testing.T) {
	r := Release{Valkey, 8, 1, 0}
	require.True(t, r.Since(8, 1))
	require.True(t, r.Since(7, 9))
	require.False(t, r.Since(8, 2))
	require.False(t, r.Since(9, 0))
}

func TestDetect(t *testing.T) {
	dir := t.TempDir()
	script := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755))
		return path
	}
	r, err := Detect(context.Background(), script("ok", "echo 'Valkey server v=8.1.1 sha=0'"))
	require.NoError(t, err)
	require.Equal(t, "valkey 8.1.1", r.String())

	_, err = Detect(context.Background(), script("old", "echo 'Redis server v=6.0.9 sha=0'"))
	require.ErrorContains(t, err, "oldest supported")

	_, err = Detect(context.Background(), script("fails", "echo broken library; exit 127"))
	require.ErrorContains(t, err, "broken library")
}

func TestFind(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := Find("")
	require.ErrorContains(t, err, "ENTRYPOINT_SERVER")
}

func TestReads(t *testing.T) {
	release := func(engine string, major, minor int) Release {
		return Release{Engine: engine, Major: major, Minor: minor}
	}
	tests := []struct {
		own, other Release
		want       bool
	}{
		{release(Valkey, 9, 1), release(Redis, 5, 0), true},
		{release(Valkey, 8, 0), release(Redis, 7, 2), true},
		{release(Valkey, 9, 1), release(Redis, 7, 4), false},
		{release(Valkey, 9, 1), release(Redis, 8, 0), false},
		{release(Valkey, 8, 0), release(Valkey, 9, 1), true},
		{release(Valkey, 8, 1), release(Valkey, 9, 0), false},
		{release(Valkey, 9, 0), release(Valkey, 9, 0), true},
		{release(Valkey, 9, 1), release(Valkey, 9, 0), true},
		{release(Valkey, 9, 0), release(Valkey, 9, 1), true},
		{release(Valkey, 9, 0), release(Redis, 7, 2), true},
		{release(Valkey, 9, 0), release(Redis, 7, 4), false},
		{release(Redis, 8, 0), release(Valkey, 9, 0), false},
		{release(Redis, 7, 4), release(Redis, 7, 4), true},
		{release(Redis, 8, 0), release(Redis, 7, 0), true},
		{release(Redis, 7, 0), release(Redis, 7, 2), false},
		{release(Redis, 7, 2), release(Valkey, 9, 1), true},
		{release(Redis, 7, 0), release(Valkey, 8, 0), false},
		{release(Redis, 6, 2), release(Redis, 7, 0), false},
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, tt.own.Reads(tt.other), "%s as a replica of %s", tt.own, tt.other)
	}
}

func TestTold(t *testing.T) {
	got, err := Told("9.1.2", "7.2.4")
	require.NoError(t, err)
	require.Equal(t, Release{Valkey, 9, 1, 2}, got)
	got, err = Told("", "7.0.15")
	require.NoError(t, err)
	require.Equal(t, Release{Redis, 7, 0, 15}, got)
	_, err = Told("", "")
	require.Error(t, err)
}
