package process

import (
	"os/exec"
	"testing"
)

func TestParseStat(t *testing.T) {
	const text = "42 (a) name (b) S 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1000 10 18446744073709551615\n"
	start, state, err := parseStat(text)
	if err != nil {
		t.Fatal(err)
	}
	if start != 98765 || state != 'S' {
		t.Errorf("got start %d and state %c", start, state)
	}
	for _, bad := range []string{"", "42 no parentheses", "42 (x) S 1 2"} {
		if _, _, err := parseStat(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestOnlyTheSameProcessIsKilled(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	r, err := Find(cmd.Process.Pid, "sleep")
	if err != nil {
		t.Fatal(err)
	}
	earlier, rebooted := r, r
	earlier.Start--
	rebooted.Boot = "another"
	if err := Kill([]Record{earlier, rebooted}); err != nil {
		t.Fatal(err)
	}
	if !r.Alive() {
		t.Fatal("a process was killed by the record of another")
	}
	if err := Kill([]Record{r}); err != nil {
		t.Fatal(err)
	}
	<-ended
	if r.Alive() {
		t.Error("the process is alive after Kill")
	}
}
