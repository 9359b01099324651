package upgrade

import (
	"errors"
	"io"

	"github.com/helm-valkey/helm-valkey/plugin/manifest"
	"github.com/helm-valkey/helm-valkey/plugin/ours"
)

// Read reads the objects of this chart in a stream of manifests. Of the others it
// keeps nothing: a stream may be of any length.
func Read(stream io.Reader) ([]manifest.Object, error) {
	var found []manifest.Object
	for documents := manifest.NewReader(stream); ; {
		d, err := documents.Next()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		if !ours.MayBeIn(d) {
			continue
		}
		objects, err := d.Objects()
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			if ours.Is(o) {
				found = append(found, o)
			}
		}
	}
}
