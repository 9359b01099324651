package progress

import (
	"errors"
	"regexp"
	"strings"
	"testing"
)

func TestSteps(t *testing.T) {
	var out strings.Builder
	p := New(&out, 3)
	if err := p.Step("one", func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	p.Skip("two", "there already")
	if err := p.Step("three", func() error { return errors.New("no room") }); err == nil || err.Error() != "three: no room" {
		t.Errorf("got error %v", err)
	}
	got := regexp.MustCompile(`\d+\.\d s`).ReplaceAllString(out.String(), "T")
	want := "[1/3] one …\n[1/3] one: T\n[2/3] two: there already\n[3/3] three …\n[3/3] three: failed after T\n"
	if got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
