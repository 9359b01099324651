package main

import (
	"reflect"
	"testing"
)

func TestParseStatus(t *testing.T) {
	said := "iproute2 installed\nrunc config-files\nnftables installed\n"
	got := parseStatus(said, []string{"iproute2", "nftables", "runc", "shellcheck"})
	if want := []string{"runc", "shellcheck"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
