package main

import "testing"

func TestChoose(t *testing.T) {
	for group, want := range map[string]int{"helm": 2, "lint": 2, "charts": 1, "all": 5, "nonsense": 0} {
		if got := len(choose(tools(), group)); got != want {
			t.Errorf("%s: got %d tools, want %d", group, got, want)
		}
	}
}

func TestRecipeNamesWhatMatters(t *testing.T) {
	a := tool{pkg: "p", version: "v1"}
	b := tool{pkg: "p", version: "v1", flags: []string{"-X a=b"}}
	recipe := func(t tool, compiler string) string {
		text, _ := t.recipe(compiler)
		return text
	}
	if recipe(a, "go1") == recipe(b, "go1") || recipe(a, "go1") == recipe(a, "go2") {
		t.Error("two different builds have one recipe")
	}
}

// A version in the list that the module of the tool does not have would build another one.
func TestModulesHaveTheVersions(t *testing.T) {
	t.Chdir("..")
	for _, tool := range tools() {
		if _, err := tool.recipe("go1"); err != nil {
			t.Error(err)
		}
		tool.version = "v0.0.1"
		if _, err := tool.recipe("go1"); tool.module != "" && err == nil {
			t.Errorf("%s: another version was taken", tool.name)
		}
	}
}
