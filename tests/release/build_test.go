//go:build release

package release

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

// checksums: all that is published is in SHA256SUMS, and right.
func (m made) checksums(t *testing.T) {
	said := run(t, m.dist, nil, "sha256sum", "--check", "--strict", "SHA256SUMS")
	var files []string
	for _, name := range published(t, m.dist) {
		if name != "SHA256SUMS" {
			files = append(files, name+": OK")
		}
	}
	require.Equal(t, strings.Join(files, "\n")+"\n", said)
	require.Len(t, files, 6+3+1+2+2, "binaries, plugins, chart, images, lists")
}

// published are the release's files without the signatures.
func published(t *testing.T, dist string) []string {
	t.Helper()
	var names []string
	require.NoError(t, fs.WalkDir(os.DirFS(dist), ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && !strings.HasSuffix(name, ".prov") {
			names = append(names, name)
		}
		return err
	}))
	return names
}

// sameBytes builds once more elsewhere: in another folder, without git and without the
// key, with other permissions and in another time zone. The compiler's results may come
// from its cache, so one platform's programs are compiled anew, too.
func (m made) sameBytes(t *testing.T) {
	elsewhere := copyTree(t)
	epoch := strings.TrimSpace(run(t, m.tree, nil, "git", "log", "-1", "--format=%ct"))
	env := []string{"SOURCE_DATE_EPOCH=" + epoch, "TZ=Asia/Tokyo", "LC_ALL=C", "GOAMD64=v3", "GOFLAGS=-buildvcs=true"}
	run(t, elsewhere, env, "sh", "-c", "umask 077 && make release")
	dist := filepath.Join(elsewhere, "dist")
	require.Equal(t, published(t, m.dist), published(t, dist))
	for _, name := range published(t, m.dist) {
		require.True(t, bytes.Equal(read(t, m.file(name)), read(t, filepath.Join(dist, name))), "%s differs", name)
	}

	arch := runtime.GOARCH
	anew := append(env, "GOFLAGS=", "GOAMD64=v1", "GOOS=linux", "GOARCH="+arch, "GOCACHE="+t.TempDir())
	plugin, entrypoint := filepath.Join(elsewhere, "plugin-anew"), filepath.Join(elsewhere, "entrypoint-anew")
	run(t, elsewhere, anew, "make", "plugin", "PLUGIN="+plugin)
	run(t, elsewhere, anew, "make", "entrypoint", "BINARY="+entrypoint, "VERSION="+m.version)
	archive := unpack(t, read(t, m.file("helm-valkey-"+m.version+"-linux-"+arch+".tar.gz")))
	require.True(t, bytes.Equal(archive["helm-valkey"], read(t, plugin)), "the plugin")
	require.True(t, bytes.Equal(m.layer(t, "entrypoint", arch)["entrypoint"], read(t, entrypoint)), "the entrypoint")
}

// unpack returns the files of a compressed tar.
func unpack(t *testing.T, data []byte) map[string][]byte {
	t.Helper()
	unzipped, err := gzip.NewReader(bytes.NewReader(data))
	require.NoError(t, err)
	return untar(t, unzipped)
}

func untar(t *testing.T, r io.Reader) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	archive := tar.NewReader(r)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		require.NoError(t, err)
		if header.Typeflag == tar.TypeReg {
			files[header.Name], err = io.ReadAll(archive)
			require.NoError(t, err)
		}
	}
}

// boms: the lists are what CycloneDX says they should be, and name what go.mod does.
func (m made) boms(t *testing.T) {
	schemas := strings.TrimSpace(run(t, filepath.Join(m.tree, "ci"), nil, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/CycloneDX/cyclonedx-go"))
	compiler := jsonschema.NewCompiler()
	for _, name := range []string{"spdx.schema.json", "jsf-0.82.schemax.json", "bom-1.6.schema.json"} {
		schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(read(t, filepath.Join(schemas, "schema", name))))
		require.NoError(t, err)
		require.NoError(t, compiler.AddResource("http://cyclonedx.org/schema/"+strings.Replace(name, "schemax", "schema", 1), schema))
	}
	schema, err := compiler.Compile("http://cyclonedx.org/schema/bom-1.6.schema.json")
	require.NoError(t, err)
	modules := map[string][]string{}
	for _, program := range []string{"helm-valkey", "entrypoint"} {
		data := read(t, m.file(program+"-"+m.version+".cdx.json"))
		bom, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		require.NoError(t, err)
		require.NoError(t, schema.Validate(bom))
		var list struct {
			Components []struct{ Name, Version string }
		}
		require.NoError(t, json.Unmarshal(data, &list))
		for _, c := range list.Components {
			modules[program] = append(modules[program], c.Name+" "+c.Version)
		}
	}
	std := "std " + strings.TrimPrefix(runtime.Version(), "go")
	require.Equal(t, []string{std}, modules["entrypoint"], "the entrypoint takes the standard library only")
	require.Contains(t, modules["helm-valkey"], std)
	for line := range strings.Lines(run(t, m.tree, nil, "go", "list", "-m", "-f", "{{.Path}} {{.Version}}", "github.com/xeipuuv/gojsonschema", "go.yaml.in/yaml/v3")) {
		require.Contains(t, modules["helm-valkey"], strings.TrimSpace(line))
	}
}

// images: what the chart and pre-commit name is there for both platforms of a pod, and
// the program for this one runs.
func (m made) images(t *testing.T) {
	for _, name := range []string{"entrypoint", "plugin"} {
		for _, arch := range []string{"amd64", "arm64"} {
			require.NotEmpty(t, m.layer(t, name, arch), arch)
		}
	}
	for image, program := range map[string]string{"entrypoint": "entrypoint", "plugin": "helm-valkey"} {
		file := write(t, filepath.Join(t.TempDir(), program), m.layer(t, image, runtime.GOARCH)[program], 0o755)
		require.Contains(t, run(t, ".", nil, file, "version"), m.version)
	}
	rendered := run(t, ".", nil, helmBinary(t, "helm4"), "template", "demo", m.file("chart", "valkey-"+m.version+".tgz"))
	require.Contains(t, rendered, "ghcr.io/helm-valkey/entrypoint:"+m.version)
	require.Contains(t, string(read(t, filepath.Join(m.tree, ".pre-commit-hooks.yaml"))), "entry: ghcr.io/helm-valkey/plugin:"+m.version+" lint")
}

type descriptor struct {
	MediaType, Digest string
	Platform          struct{ OS, Architecture string }
	Annotations       map[string]string
}

// layer finds an image's only layer for a platform, from the archive's index downwards.
func (m made) layer(t *testing.T, name, arch string) map[string][]byte {
	t.Helper()
	files := untar(t, bytes.NewReader(read(t, m.file("images", name+"-"+m.version+".tar"))))
	var index struct{ Manifests []descriptor }
	require.NoError(t, json.Unmarshal(files["index.json"], &index))
	require.Len(t, index.Manifests, 1)
	require.Equal(t, "ghcr.io/helm-valkey/"+name+":"+m.version, index.Manifests[0].Annotations["io.containerd.image.name"])
	blob := func(d descriptor) []byte { return files["blobs/"+strings.Replace(d.Digest, ":", "/", 1)] }
	require.NoError(t, json.Unmarshal(blob(index.Manifests[0]), &index))
	for _, d := range index.Manifests {
		if d.Platform.OS != "linux" || d.Platform.Architecture != arch {
			continue
		}
		var manifest struct{ Layers []descriptor }
		require.NoError(t, json.Unmarshal(blob(d), &manifest))
		require.Len(t, manifest.Layers, 1)
		return unpack(t, blob(manifest.Layers[0]))
	}
	return nil
}

// otherSystems: pre-commit builds all of the module wherever its user is.
func (m made) otherSystems(t *testing.T) {
	for _, system := range []string{"darwin", "windows"} {
		run(t, m.tree, []string{"GOOS=" + system, "CGO_ENABLED=0"}, "go", "build", "./...")
	}
}
