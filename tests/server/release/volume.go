package release

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/record"
)

// EmptyVolume is what a lost and recreated claim leaves: nothing.
func (p *Pod) EmptyVolume() {
	p.release.TB.Helper()
	require.False(p.release.TB, p.Running(), "%s still runs", p.Name)
	emptyDir(p.release.TB, p.Data())
}

// CopyVolume copies the volume as it is now and returns where to, as a snapshot
// of the disk does.
func (p *Pod) CopyVolume() string {
	tb := p.release.TB
	tb.Helper()
	dir, err := os.MkdirTemp(p.release.dir, "copy-")
	require.NoError(tb, err)
	require.NoError(tb, os.CopyFS(filepath.Join(dir, "data"), os.DirFS(p.Data())))
	return dir
}

// RestoreVolume puts a copy back in the volume's place.
func (p *Pod) RestoreVolume(copied string) {
	tb := p.release.TB
	tb.Helper()
	p.EmptyVolume()
	require.NoError(tb, os.CopyFS(p.Data(), os.DirFS(filepath.Join(copied, "data"))))
}

// PutSnapshot puts a snapshot from elsewhere onto an empty volume.
func (p *Pod) PutSnapshot(path string) {
	tb := p.release.TB
	tb.Helper()
	p.EmptyVolume()
	content, err := os.ReadFile(path)
	require.NoError(tb, err)
	require.NoError(tb, os.WriteFile(filepath.Join(p.Data(), "dump.rdb"), content, 0o600))
}

// Files returns the names of the files in the data directory, at any depth.
func (p *Pod) Files() []string {
	tb := p.release.TB
	tb.Helper()
	var names []string
	require.NoError(tb, filepath.WalkDir(p.Data(), func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, entry.Name())
		}
		return err
	}))
	return names
}

func emptyDir(tb testing.TB, dir string) {
	tb.Helper()
	require.NoError(tb, os.RemoveAll(dir))
	require.NoError(tb, os.MkdirAll(dir, 0o750))
}

// ForgetRecord removes what the entrypoint keeps beside the data, as on a volume that comes
// from elsewhere.
func (p *Pod) ForgetRecord() {
	p.release.TB.Helper()
	require.NoError(p.release.TB, os.Remove(filepath.Join(p.Data(), record.FileName)))
}

// BlockRecord keeps the entrypoint from writing what it keeps beside the data, as a full disk
// does, until the function that it returns is called.
func (p *Pod) BlockRecord() (mend func()) {
	p.release.TB.Helper()
	path := filepath.Join(p.Data(), record.FileName+".new")
	require.NoError(p.release.TB, os.Mkdir(path, 0o700))
	return func() {
		p.release.TB.Helper()
		require.NoError(p.release.TB, os.Remove(path))
	}
}
