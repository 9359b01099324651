package main

import (
	"reflect"
	"testing"
)

const plan = `NOTE: This is only a simulation!
Inst gcc-16-base (16.2.0-4 Debian:unstable [amd64]) []
Inst libc6 (2.43-7 Debian:unstable [amd64]) [libc6:amd64 ]
Inst perl-base (5.40.1-6 Debian:unstable [amd64])
Inst zlib1g:amd64 (1:1.3.dfsg+really1.3.2-4 Debian:unstable [amd64])
Inst valkey-tools (9.1.2-1 Debian:unstable [amd64])
Inst valkey-server (9.1.2-1 Debian:unstable [amd64])
Conf libc6 (2.43-7 Debian:unstable [amd64])
`

func TestPlan(t *testing.T) {
	got := chooseDebs(parsePlan(plan), "valkey-server")
	want := []deb{
		{"libc6", "2.43-7"},
		{"zlib1g", "1:1.3.dfsg+really1.3.2-4"},
		{"valkey-tools", "9.1.2-1"},
		{"valkey-server", "9.1.2-1"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestSources(t *testing.T) {
	got := sources([]string{"sid"})
	want := "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian sid main\n"
	if got != want {
		t.Errorf("got %q", got)
	}
}
