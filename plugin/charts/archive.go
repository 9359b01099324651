package charts

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
)

// mostBytes is how much an archive may hold. This chart has less than a
// hundredth of it; an archive that unpacks to gigabytes is no chart.
const mostBytes = 32 << 20

func unpackFile(name, folder string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	return unpack(file, folder, mostBytes)
}

// unpack writes the files of a gzipped archive into a folder. The folder is a
// root that no name in the archive leads out of.
func unpack(archive io.Reader, folder string, most int64) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	unzipped, err := gzip.NewReader(archive)
	if err != nil {
		return fmt.Errorf("it is neither a directory nor an archive (.tgz): %w", err)
	}
	// One byte more shows that there is more.
	limited := &io.LimitedReader{R: unzipped, N: most + 1}
	err = writeEntries(root, tar.NewReader(limited))
	if limited.N <= 0 {
		return fmt.Errorf("the archive holds more than %d MiB: it is no chart", most>>20)
	}
	return err
}

func writeEntries(root *os.Root, entries *tar.Reader) error {
	for {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the archive: %w", err)
		}
		if entry.Typeflag != tar.TypeReg {
			continue
		}
		if err := writeEntry(root, entry.Name, entries); err != nil {
			return fmt.Errorf("unpack the archive: %w", err)
		}
	}
}

func writeEntry(root *os.Root, name string, content io.Reader) error {
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	file, err := root.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Close())
}
