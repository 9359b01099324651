package record

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSaveAndLoad(t *testing.T) {
	dir := t.TempDir()
	empty, err := In(dir).Load()
	require.NoError(t, err)
	require.Equal(t, Record{}, empty)

	want := Record{Version: 1, BootID: "b", Term: 3, Leader: "v-master-0", Replid: "r", Offset: 7, History: []Fork{{"q", 5}}, Clean: true, Online: []string{"10.0.0.1"}}
	for _, durability := range []Durability{Cached, Durable} {
		require.NoError(t, In(dir).Save(want, durability))
		got, err := In(dir).Load()
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1, "no temporary file stays behind")
}

func TestSaveWritesOnlyChanges(t *testing.T) {
	dir := t.TempDir()
	f := In(dir)
	require.NoError(t, f.Save(Record{Term: 1}, Cached))
	require.NoError(t, os.Remove(filepath.Join(dir, FileName)))
	require.NoError(t, f.Save(Record{Term: 1}, Cached))
	require.NoFileExists(t, filepath.Join(dir, FileName))
	require.NoError(t, f.Save(Record{Term: 1}, Durable))
	require.FileExists(t, filepath.Join(dir, FileName))
}

func TestLoadRefusesWhatItDoesNotUnderstand(t *testing.T) {
	for name, content := range map[string]string{"not JSON": "{", "of a later release": `{"version":99}`, "empty": ""} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, FileName), []byte(content), 0o600))
			_, err := In(dir).Load()
			require.ErrorContains(t, err, FileName)
		})
	}
}

func TestLineage(t *testing.T) {
	var r Record
	r.At("a", 100, "", -1)
	r.At("a", 150, "", -1)
	require.Empty(t, r.History)

	r.At("b", 170, "a", 160)
	require.Equal(t, []Fork{{"a", 160}}, r.History, "the server says where it forked")
	require.Equal(t, []Fork{{"a", 160}}, r.Before("b"))
	require.Empty(t, r.Before("a"))
	require.Empty(t, r.Before("unheard of"))

	r.Continue(Fork{"b", 180}, r.History)
	r.At("c", 1, "zero", -1)
	require.Equal(t, []Fork{{"b", 180}, {"a", 160}}, r.History, "loaded from disk and went on")
	require.Equal(t, []Fork{{"a", 160}}, r.Before("b"))

	r.At("z", 9, "y", 3)
	require.Empty(t, r.History, "a full sync from a stranger: what was here before is gone")

	for i := range 2 * maxHistory {
		r.At(string(rune('d'+i)), 0, r.Replid, 5)
	}
	require.Len(t, r.History, maxHistory)
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(`{"version":1,"history":[{"replid":"a","end":1}]}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, FileName), content, 0o600))
		_, _ = In(dir).Load()
	})
}
