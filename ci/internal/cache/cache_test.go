package cache

import (
	"os"
	"path/filepath"
	"testing"
)

func TestStamp(t *testing.T) {
	file := filepath.Join(t.TempDir(), "helm3")
	if Current(file, "v1") {
		t.Error("a file that is not there is current")
	}
	if err := os.WriteFile(file, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if Current(file, "v1") {
		t.Error("a file without a stamp is current")
	}
	if err := Stamp(file, "v1"); err != nil {
		t.Fatal(err)
	}
	if !Current(file, "v1") {
		t.Error("a stamped file is not current")
	}
	if Current(file, "v2") {
		t.Error("a file made from another recipe is current")
	}
}

func TestOpenFollowsTheVariable(t *testing.T) {
	want := filepath.Join(t.TempDir(), "elsewhere")
	t.Setenv(Variable, want)
	dir, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	if got := dir.Bin("helm3"); got != filepath.Join(want, "bin", "helm3") {
		t.Errorf("got %s", got)
	}
}
