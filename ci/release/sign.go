package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"helm.sh/helm/v4/pkg/provenance"
)

// signer signs as Helm does, which finds out by the .prov beside an archive who made it.
type signer struct{ signatory *provenance.Signatory }

func openSigner(key, keyring, passphraseFile string) (*signer, error) {
	s, err := provenance.NewFromKeyring(keyring, key)
	if err != nil {
		return nil, fmt.Errorf("find key %q in %s: %w", key, keyring, err)
	}
	err = s.DecryptKey(func(string) ([]byte, error) {
		if passphraseFile == "" {
			return nil, fmt.Errorf("it is locked: give --passphrase-file")
		}
		text, err := os.ReadFile(passphraseFile)
		return bytes.TrimRight(text, "\r\n"), err
	})
	if err != nil {
		return nil, fmt.Errorf("open key %q in %s: %w", key, keyring, err)
	}
	return &signer{s}, nil
}

// sign writes the signature of an archive beside it, if the release is signed. The manifest is the
// archive's plugin.yaml or Chart.yaml, which the signature quotes.
func (r release) sign(file string, manifest []byte) error {
	if r.signer == nil {
		return nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text, err := r.signer.signatory.ClearSign(data, filepath.Base(file), manifest)
	if err != nil {
		return fmt.Errorf("sign %s: %w", filepath.Base(file), err)
	}
	return os.WriteFile(file+".prov", []byte(text), 0o644)
}
