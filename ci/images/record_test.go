package main

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/helm-valkey/helm-valkey/ci/internal/cache"
)

func TestOldEntrypoints(t *testing.T) {
	all := []picture{{File: "valkey-9.1.tar", Engine: "valkey-9.1"}}
	age := map[string]int{}
	for i := range entrypointsKept + 2 {
		p := picture{File: fmt.Sprintf("entrypoint-%d.tar", i)}
		age[p.File] = i
		all = append(all, p)
	}
	got := oldEntrypoints(all, func(p picture) time.Time { return time.Unix(int64(age[p.File]), 0) })
	if want := []string{"entrypoint-1.tar", "entrypoint-0.tar"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRecordReplaces(t *testing.T) {
	t.Setenv(cache.Variable, t.TempDir())
	dir, err := cache.Open()
	if err != nil {
		t.Fatal(err)
	}
	record := func(file, id string) {
		t.Helper()
		p := picture{File: file, ID: id}
		if err := recordPictures(dir, []picture{p}, func(old picture) bool { return old.File == file }); err != nil {
			t.Fatal(err)
		}
	}
	record("b.tar", "1")
	record("a.tar", "1")
	record("b.tar", "2")
	var got []string
	if err := editPictures(dir, func(all []picture) []picture {
		for _, p := range all {
			got = append(got, p.File+" "+p.ID)
		}
		return all
	}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"a.tar 1", "b.tar 2"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
