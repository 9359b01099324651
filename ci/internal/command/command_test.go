package command

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestRun(t *testing.T) {
	got, err := Command{Env: []string{"WORD=hello"}, Stdin: "world"}.Run(t.Context(), "sh", "-c", `echo "$WORD $(cat)"`)
	if err != nil {
		t.Fatal(err)
	}
	if got != "hello world\n" {
		t.Errorf("got %q", got)
	}
}

func TestErrorsQuoteTheProgram(t *testing.T) {
	_, err := Run(t.Context(), "sh", "-c", "echo out; echo it broke >&2; exit 3")
	if err == nil || !strings.Contains(err.Error(), "it broke") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("got %v", err)
	}
}

func TestDeadline(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Run(ctx, "sleep", "10"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestTail(t *testing.T) {
	if got := Tail("a\nb\nc\n", 2); got != "    b\n    c" {
		t.Errorf("got %q", got)
	}
}
