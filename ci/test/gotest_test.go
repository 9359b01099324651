package main

import (
	"strings"
	"testing"
)

func TestCounter(t *testing.T) {
	tests := map[string]struct {
		events string
		want   totals
		shown  string
	}{
		"one of each": {`{"Action":"pass","Package":"p","Test":"A"}
{"Action":"skip","Package":"p","Test":"B"}
{"Action":"output","Package":"p","Test":"C","Output":"because\n"}
{"Action":"fail","Package":"p","Test":"C"}
{"Action":"fail","Package":"p"}`, totals{1, 1, 1}, "because"},
		"does not build":  {`{"Action":"build-output","ImportPath":"p","Output":"syntax error\n"}` + "\n" + `{"Action":"fail","Package":"p"}`, totals{0, 1, 0}, "syntax error"},
		"dies on its own": {`{"Action":"pass","Package":"p","Test":"A"}` + "\n" + `{"Action":"output","Package":"p","Output":"panic: x\n"}` + "\n" + `{"Action":"fail","Package":"p"}`, totals{1, 1, 0}, "panic: x"},
		"no JSON":         {"go: cannot find main module\n", totals{}, "cannot find"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			c := newCounter(&out)
			if err := c.read(strings.NewReader(tt.events)); err != nil {
				t.Fatal(err)
			}
			if c.totals != tt.want {
				t.Errorf("got %s, want %s", c.totals, tt.want)
			}
			if !strings.Contains(out.String(), tt.shown) {
				t.Errorf("%q is not shown in %q", tt.shown, out.String())
			}
		})
	}
}

func TestReason(t *testing.T) {
	output := []string{
		"=== RUN   TestX\n", "    x_test.go:7: seed 5\n", "    release.go:70: logs:\n", "        9620:S * Ready\n",
		"    load.go:12: \n", "        \tError Trace:\tx_test.go:9\n", "        \tError:      \tlost\n", "        \tTest:       \tTestX\n",
		"        9621:S * Ready\n",
	}
	want := output[1] + output[5] + output[6] + output[7]
	if got := reason(output); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestChoose(t *testing.T) {
	all, err := choose(nil)
	if err != nil || len(all) == 0 {
		t.Fatal(all, err)
	}
	for _, s := range all {
		if s.extra {
			t.Errorf("%s runs without being named", s.name)
		}
	}
	if _, err := choose([]string{"unit", "no such"}); err == nil || !strings.Contains(err.Error(), "unit") {
		t.Errorf("an unknown stage: %v", err)
	}
}
