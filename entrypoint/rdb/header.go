// Package rdb reads the beginning of a snapshot file: enough to know whose data
// it holds and up to where, before a server is started on it.
//
// Source: rdb.c of Valkey 9.1 and Redis 7.0: a magic of nine bytes, then auxiliary
// fields (opcode 250, key, value), then anything else.
package rdb

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// Header is what a snapshot says of itself. Offset is in bytes of the replication
// stream of Replid; both are zero values where the server that saved it had no
// replication history. HasData is false for a snapshot without anything in it.
type Header struct {
	Version int
	Replid  string
	Offset  int64
	HasData bool
}

const (
	opAux = 0xFA
	opEOF = 0xFF

	maxAuxFields = 64
	maxString    = 1 << 16
)

var errFormat = errors.New("not a snapshot of Valkey or Redis")

// ReadFile reads the header of the snapshot at path. A missing file is an error
// that is fs.ErrNotExist.
func ReadFile(path string) (Header, error) {
	f, err := os.Open(path)
	if err != nil {
		return Header{}, fmt.Errorf("open the snapshot: %w", err)
	}
	defer f.Close()
	h, err := Read(bufio.NewReaderSize(f, 1024))
	if err != nil {
		return Header{}, fmt.Errorf("read the header of %s: %w", path, err)
	}
	return h, nil
}

// Read reads a header from the beginning of a snapshot.
func Read(r *bufio.Reader) (Header, error) {
	version, err := readMagic(r)
	if err != nil {
		return Header{}, err
	}
	h := Header{Version: version}
	for range maxAuxFields {
		op, err := r.ReadByte()
		if err != nil {
			return Header{}, fmt.Errorf("%w: %w", errFormat, err)
		}
		if op != opAux {
			h.HasData = op != opEOF
			return h, nil
		}
		key, err := readString(r)
		if err != nil {
			return Header{}, err
		}
		value, err := readString(r)
		if err != nil {
			return Header{}, err
		}
		if err := h.set(key, value); err != nil {
			return Header{}, err
		}
	}
	return Header{}, fmt.Errorf("%w: more than %d auxiliary fields", errFormat, maxAuxFields)
}

// readMagic reads "REDIS0011", or "VALKEY080" as Valkey writes since 9.0.
func readMagic(r *bufio.Reader) (int, error) {
	magic := make([]byte, 9)
	if _, err := io.ReadFull(r, magic); err != nil {
		return 0, fmt.Errorf("%w: %w", errFormat, err)
	}
	for _, name := range []string{"REDIS", "VALKEY"} {
		if digits, ok := strings.CutPrefix(string(magic), name); ok {
			if version, err := strconv.Atoi(digits); err == nil {
				return version, nil
			}
		}
	}
	return 0, fmt.Errorf("%w: it begins with %q", errFormat, magic)
}

func (h *Header) set(key, value string) error {
	switch key {
	case "repl-id":
		h.Replid = value
	case "repl-offset":
		offset, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return fmt.Errorf("%w: repl-offset %q", errFormat, value)
		}
		h.Offset = offset
	}
	return nil
}

// readString reads a string object: a length and bytes, or an integer of 1, 2 or
// 4 bytes.
func readString(r *bufio.Reader) (string, error) {
	first, err := r.ReadByte()
	if err != nil {
		return "", fmt.Errorf("%w: %w", errFormat, err)
	}
	var n int
	switch first >> 6 {
	case 0:
		n = int(first & 0x3F)
	case 1:
		second, err := r.ReadByte()
		if err != nil {
			return "", fmt.Errorf("%w: %w", errFormat, err)
		}
		n = int(first&0x3F)<<8 | int(second)
	case 3:
		return readInt(r, first&0x3F)
	default:
		return "", fmt.Errorf("%w: a string of a length that no header has", errFormat)
	}
	if n > maxString {
		return "", fmt.Errorf("%w: a string of %d bytes", errFormat, n)
	}
	s := make([]byte, n)
	if _, err := io.ReadFull(r, s); err != nil {
		return "", fmt.Errorf("%w: %w", errFormat, err)
	}
	return string(s), nil
}

func readInt(r *bufio.Reader, encoding byte) (string, error) {
	if encoding > 2 {
		return "", fmt.Errorf("%w: string encoding %d", errFormat, encoding)
	}
	b := make([]byte, 1<<encoding)
	if _, err := io.ReadFull(r, b); err != nil {
		return "", fmt.Errorf("%w: %w", errFormat, err)
	}
	var n int64
	switch encoding {
	case 0:
		n = int64(int8(b[0]))
	case 1:
		n = int64(int16(binary.LittleEndian.Uint16(b)))
	case 2:
		n = int64(int32(binary.LittleEndian.Uint32(b)))
	}
	return strconv.FormatInt(n, 10), nil
}
