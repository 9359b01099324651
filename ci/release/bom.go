package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// boms writes what each program consists of, as the compiler recorded it in the binaries.
func (r release) boms() error {
	for _, targets := range [][]target{plugins(), entrypoints()} {
		name := targets[0].program
		bom, err := r.bom(name, targets)
		if err != nil {
			return err
		}
		var out bytes.Buffer
		if err := cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cdx.SpecVersion1_6); err != nil {
			return fmt.Errorf("list the contents of %s: %w", name, err)
		}
		if err := r.write(fmt.Sprintf("%s-%s.cdx.json", name, r.version), out.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// bom lists the modules of a program on all of its platforms, and the binaries with their checksums.
func (r release) bom(name string, targets []target) (*cdx.BOM, error) {
	modules := map[string]cdx.Component{}
	var binaries []cdx.Component
	var url string
	for _, t := range targets {
		info, err := buildinfo.ReadFile(r.binary(t))
		if err != nil {
			return nil, fmt.Errorf("list the contents of %s: %w", t, err)
		}
		url = "pkg:golang/" + info.Main.Path + "@v" + r.version + "#" + strings.TrimPrefix(info.Path, info.Main.Path+"/")
		for _, m := range append(info.Deps, &debug.Module{Path: "std", Version: strings.TrimPrefix(info.GoVersion, "go")}) {
			c := library(m)
			modules[c.BOMRef] = c
		}
		data, err := os.ReadFile(r.binary(t))
		if err != nil {
			return nil, err
		}
		binaries = append(binaries, cdx.Component{
			BOMRef: t.file(), Type: cdx.ComponentTypeFile, Name: t.file(), Version: r.version, Hashes: sha(sum(data)),
		})
	}
	refs := slices.Sorted(maps.Keys(modules))
	libraries := make([]cdx.Component, 0, len(refs))
	for _, ref := range refs {
		libraries = append(libraries, modules[ref])
	}
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{Timestamp: r.when.Format(time.RFC3339), Component: &cdx.Component{
		BOMRef: url, PackageURL: url, Type: cdx.ComponentTypeApplication, Name: name, Version: r.version,
		Licenses: &cdx.Licenses{{License: &cdx.License{ID: "Apache-2.0"}}}, Components: &binaries,
	}}
	bom.Components = &libraries
	bom.Dependencies = &[]cdx.Dependency{{Ref: url, Dependencies: &refs}}
	return bom, nil
}

// library is a Go module. The sum is the one of go.sum, a SHA-256 over its files.
func library(m *debug.Module) cdx.Component {
	if m.Replace != nil {
		m = m.Replace
	}
	url := "pkg:golang/" + m.Path + "@" + m.Version
	c := cdx.Component{BOMRef: url, PackageURL: url, Type: cdx.ComponentTypeLibrary, Name: m.Path, Version: m.Version}
	if encoded, ok := strings.CutPrefix(m.Sum, "h1:"); ok {
		if raw, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			c.Hashes = sha(hex.EncodeToString(raw))
		}
	}
	return c
}

func sha(value string) *[]cdx.Hash {
	return &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: value}}
}

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}
