// Package manifest reads rendered manifests without touching their bytes.
package manifest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// Limit is how large a document may be. Kubernetes takes objects of about 1.5
// MiB; the rest is room for lists of them.
const Limit = 16 << 20

// Reader reads a stream document by document, so that memory does not grow with
// the stream.
type Reader struct {
	in    *bufio.Reader
	limit int
	chunk []byte // the document that is being read
	held  []byte // the line behind it, which begins the next one
	line  int    // lines read
}

// NewReader reads the stream in.
func NewReader(in io.Reader) *Reader {
	return &Reader{in: bufio.NewReaderSize(in, 64<<10), limit: Limit}
}

// Next returns the next document, or io.EOF behind the last one. All documents
// together are the stream, byte for byte. A document's bytes are valid until
// the next call.
func (r *Reader) Next() (Document, error) {
	r.chunk = append(r.chunk[:0], r.held...)
	d := Document{Line: r.line + 1}
	at := prologue{}
	if len(r.held) > 0 {
		d.Line, r.held = r.line, r.held[:0]
		at.add(r.chunk)
	}
	for {
		start := len(r.chunk)
		err := r.readLine()
		line := r.chunk[start:]
		switch {
		case errors.Is(err, io.EOF) && start+len(line) == 0:
			return Document{}, io.EOF
		case err != nil && !errors.Is(err, io.EOF):
			return Document{}, r.problem(d.Line, err)
		case start > 0 && begins(line) && !at.directives():
			r.held = append(r.held, line...)
			d.Bytes = r.chunk[:start]
			return d, d.check()
		case err != nil || ends(line):
			d.Bytes = r.chunk
			return d, d.check()
		}
		at.add(line)
	}
}

// readLine puts the next line behind the document.
func (r *Reader) readLine() error {
	for {
		part, err := r.in.ReadSlice('\n')
		if len(r.chunk)+len(part) > r.limit {
			return errTooLarge
		}
		r.chunk = append(r.chunk, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			if len(part) > 0 {
				r.line++
			}
			return err
		}
	}
}

var errTooLarge = errors.New("is larger than any that Kubernetes takes")

func (r *Reader) problem(line int, err error) error {
	if errors.Is(err, errTooLarge) {
		return fmt.Errorf("the document at line %d %w (%d MiB): split it up", line, err, r.limit>>20)
	}
	return fmt.Errorf("read the manifests: %w", err)
}

// check refuses what YAML's readers would take for another encoding.
func (d Document) check() error {
	if !utf8.Valid(d.Bytes) {
		return fmt.Errorf("the document at line %d is not in UTF-8: write it in UTF-8, as Kubernetes reads it", d.Line)
	}
	return nil
}

// byteOrderMark may stand before a stream.
var byteOrderMark = []byte("\ufeff")

// begins says whether a line is one that begins a document. YAML allows none
// within a document, not even in a block of text.
func begins(line []byte) bool { return marks(line, "---") }

// ends says whether a line ends a document.
func ends(line []byte) bool { return marks(line, "...") }

func marks(line []byte, marker string) bool {
	rest, ok := bytes.CutPrefix(line, []byte(marker))
	return ok && (len(rest) == 0 || bytes.IndexByte([]byte(" \t\r\n"), rest[0]) >= 0)
}

// prologue is what stands before the "---" of a document. With directives it
// belongs to the document.
type prologue struct {
	content, directive bool
}

func (p *prologue) add(line []byte) {
	line = bytes.TrimPrefix(line, byteOrderMark)
	switch {
	case bytes.HasPrefix(line, []byte("%")):
		p.directive = true
	case !isComment(line):
		p.content = true
	}
}

func (p prologue) directives() bool { return p.directive && !p.content }

// isComment says whether a line holds a comment or nothing at all.
func isComment(line []byte) bool {
	text := bytes.TrimLeft(line, " \t\r\n")
	return len(text) == 0 || text[0] == '#'
}
