package main

import "testing"

func TestChoose(t *testing.T) {
	for group, want := range map[string]int{"helm": 2, "lint": 2, "all": 4, "nonsense": 0} {
		if got := len(choose(tools(), group)); got != want {
			t.Errorf("%s: got %d tools, want %d", group, got, want)
		}
	}
}

func TestRecipeNamesWhatMatters(t *testing.T) {
	a := tool{pkg: "p", version: "v1"}
	b := tool{pkg: "p", version: "v1", flags: []string{"-X a=b"}}
	if a.recipe("go1") == b.recipe("go1") || a.recipe("go1") == a.recipe("go2") {
		t.Error("two different builds have one recipe")
	}
}
