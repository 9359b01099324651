// Package spool keeps what is written until it is known whether it may go out.
package spool

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// inMemory is how much is kept in memory; what most charts render is less.
const inMemory = 1 << 20

// Spool is a writer that passes nothing on before it is told to. It keeps the
// first MiB in memory and the rest in a temporary file. Manifests hold Secrets,
// so that the file is its owner's only (0600), and has no name while it is used:
// nobody can open it, and it is gone with the process however that ends. Where a
// file in use cannot lose its name (Windows), Close removes it. The zero value is
// ready to use.
type Spool struct {
	memory bytes.Buffer
	limit  int // of the memory; 0 stands for inMemory
	file   *os.File
	out    *bufio.Writer // to the file
	named  bool          // the file still has its name
}

// Write keeps p.
func (s *Spool) Write(p []byte) (int, error) {
	limit := s.limit
	if limit == 0 {
		limit = inMemory
	}
	if s.file == nil && s.memory.Len()+len(p) <= limit {
		return s.memory.Write(p)
	}
	if s.file == nil {
		if err := s.create(); err != nil {
			return 0, err
		}
	}
	return s.out.Write(p)
}

func (s *Spool) create() error {
	file, err := os.CreateTemp("", "helm-valkey-")
	if err != nil {
		return fmt.Errorf("keep the manifests in a file until they are checked: %w", err)
	}
	s.file, s.out = file, bufio.NewWriterSize(file, 64<<10)
	s.named = os.Remove(file.Name()) != nil
	return nil
}

// ReadAt reads what one Write has kept; at is how many bytes were written before.
func (s *Spool) ReadAt(p []byte, at int64) (int, error) {
	if before := int64(s.memory.Len()); at >= before && s.file != nil {
		if err := s.out.Flush(); err != nil {
			return 0, err
		}
		return s.file.ReadAt(p, at-before)
	}
	return bytes.NewReader(s.memory.Bytes()).ReadAt(p, at)
}

// WriteTo passes all on that was written.
func (s *Spool) WriteTo(w io.Writer) (int64, error) {
	n, err := s.memory.WriteTo(w)
	if err != nil || s.file == nil {
		return n, err
	}
	if err := s.out.Flush(); err != nil {
		return n, err
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return n, err
	}
	more, err := io.Copy(w, s.file)
	return n + more, err
}

// Close forgets all that was written.
func (s *Spool) Close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if s.named {
		if removal := os.Remove(s.file.Name()); !errors.Is(removal, fs.ErrNotExist) {
			err = errors.Join(err, removal)
		}
	}
	return err
}
