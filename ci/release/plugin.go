package main

import (
	"fmt"
	"os"
	"path"

	"sigs.k8s.io/yaml"

	"github.com/helm-valkey/helm-valkey/ci/internal/archive"
)

// pluginArchives packs the plugin's binaries: each alone, and all of them as the Helms install them.
func (r release) pluginArchives() error {
	for _, t := range plugins() {
		if err := r.binaryArchive(t); err != nil {
			return err
		}
	}
	for _, build := range []func() (pluginArchive, error){r.helm3Archive, r.helm4Archive, r.rendererArchive} {
		a, err := build()
		if err != nil {
			return err
		}
		data, err := archive.TarGz(a.files, r.when)
		if err != nil {
			return err
		}
		if err := r.write(a.name, data); err != nil {
			return err
		}
		if !a.signed {
			continue
		}
		if err := r.sign(r.path(a.name), a.manifest); err != nil {
			return err
		}
	}
	return nil
}

// binaryArchive is one program with the license.
func (r release) binaryArchive(t target) error {
	files, err := r.withLicense("/")
	if err != nil {
		return err
	}
	binary, err := r.program(t, "/"+t.program+t.suffix())
	if err != nil {
		return err
	}
	name, format := fmt.Sprintf("%s-%s-%s", t.program, r.version, t.platform()), archive.TarGz
	suffix := ".tar.gz"
	if t.os == "windows" {
		format, suffix = archive.Zip, ".zip"
	}
	data, err := format(append(files, binary), r.when)
	if err != nil {
		return err
	}
	return r.write(name+suffix, data)
}

// pluginArchive is an archive that Helm installs.
type pluginArchive struct {
	name     string
	manifest []byte // its plugin.yaml
	files    []archive.File
	signed   bool
}

// helm3Archive has no folders: Helm 3 looks for plugin.yaml at the top, and cannot unpack an archive
// with folders a second time (helm/helm#10402). It does not verify signatures.
func (r release) helm3Archive() (pluginArchive, error) {
	manifest, err := r.manifest(pluginFile, "$HELM_PLUGIN_DIR/")
	if err != nil {
		return pluginArchive{}, err
	}
	files, err := r.pluginFiles("/", "/", manifest)
	return pluginArchive{name: "valkey-helm3-" + r.version + ".tgz", manifest: manifest, files: files}, err
}

// helm4Archive also carries the post-renderer, which can be installed from there. Helm takes the
// archive's first plugin.yaml for the plugin's, so that comes before the post-renderer's.
func (r release) helm4Archive() (pluginArchive, error) {
	const top, renderer = "/valkey", "/valkey/helm4/valkey-post-renderer"
	manifest, err := r.manifest(pluginFile, "$HELM_PLUGIN_DIR/bin/")
	if err != nil {
		return pluginArchive{}, err
	}
	nested, err := r.manifest(rendererFile, "${HELM_PLUGIN_DIR}/../../bin/")
	if err != nil {
		return pluginArchive{}, err
	}
	files, err := r.pluginFiles(top, top+"/bin", manifest)
	files = append(files, folder("/valkey/helm4"), folder(renderer), archive.File{Path: renderer + "/plugin.yaml", Mode: 0o644, Data: nested})
	return pluginArchive{name: "valkey-" + r.version + ".tgz", manifest: manifest, files: files, signed: true}, err
}

// rendererArchive is the post-renderer alone.
func (r release) rendererArchive() (pluginArchive, error) {
	const top = "/valkey-post-renderer"
	manifest, err := r.manifest(rendererFile, "${HELM_PLUGIN_DIR}/bin/")
	if err != nil {
		return pluginArchive{}, err
	}
	files, err := r.pluginFiles(top, top+"/bin", manifest)
	return pluginArchive{name: "valkey-post-renderer-" + r.version + ".tgz", manifest: manifest, files: files, signed: true}, err
}

// manifest is a plugin.yaml of the tree, whose command is the one binary that was built there, with
// the binaries of all platforms in dir instead.
func (r release) manifest(name, dir string) ([]byte, error) {
	data, err := r.read(name)
	if err != nil {
		return nil, err
	}
	manifest, err := forPlatforms(data, dir)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return manifest, nil
}

func forPlatforms(manifest []byte, dir string) ([]byte, error) {
	var m map[string]any
	if err := yaml.Unmarshal(manifest, &m); err != nil {
		return nil, err
	}
	holder := m
	if config, ok := m["runtimeConfig"].(map[string]any); ok {
		holder = config
	}
	commands, _ := holder["platformCommand"].([]any)
	if len(commands) != 1 {
		return nil, fmt.Errorf("%d commands under platformCommand, want one", len(commands))
	}
	only, _ := commands[0].(map[string]any)
	var all []any
	for _, t := range plugins() {
		c := map[string]any{"os": t.os, "arch": t.arch, "command": dir + t.file()}
		if args, ok := only["args"]; ok {
			c["args"] = args
		}
		all = append(all, c)
	}
	holder["platformCommand"] = all
	return yaml.Marshal(m)
}

// pluginFiles are a plugin's folder with the binaries of all platforms.
func (r release) pluginFiles(top, bin string, manifest []byte) ([]archive.File, error) {
	var files []archive.File
	if top != "/" {
		files = append(files, folder(top))
	}
	files = append(files, archive.File{Path: path.Join(top, "plugin.yaml"), Mode: 0o644, Data: manifest})
	license, err := r.withLicense(top)
	if err != nil {
		return nil, err
	}
	files = append(files, license...)
	if bin != top {
		files = append(files, folder(bin))
	}
	for _, t := range plugins() {
		f, err := r.program(t, path.Join(bin, t.file()))
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

func (r release) withLicense(dir string) ([]archive.File, error) {
	data, err := r.read("LICENSE")
	return []archive.File{{Path: path.Join(dir, "LICENSE"), Mode: 0o644, Data: data}}, err
}

func (r release) program(t target, name string) (archive.File, error) {
	data, err := os.ReadFile(r.binary(t))
	return archive.File{Path: name, Mode: 0o755, Data: data}, err
}

func folder(name string) archive.File { return archive.File{Path: name, Mode: os.ModeDir | 0o755} }

func (r release) write(name string, data []byte) error {
	return os.WriteFile(r.path(name), data, 0o644)
}
