package main

import "testing"

func TestCutTag(t *testing.T) {
	tests := map[string][2]string{
		"ghcr.io/a/entrypoint:1.0": {"ghcr.io/a/entrypoint", "1.0"},
		"localhost:5000/a:dev":     {"localhost:5000/a", "dev"},
		"localhost:5000/a":         {},
		"entrypoint:1":             {},
		"ghcr.io/a/entrypoint:":    {},
		"ghcr.io/a/entrypoint":     {},
	}
	for image, want := range tests {
		repository, tag, ok := cutTag(image)
		if ok != (want[0] != "") || ok && (repository != want[0] || tag != want[1]) {
			t.Errorf("cutTag(%q) = %q, %q, %t", image, repository, tag, ok)
		}
	}
}
