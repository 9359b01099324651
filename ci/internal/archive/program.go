package archive

import (
	"debug/elf"
	"fmt"
	"os"
)

// SearchPath is the variable PATH of every image.
const SearchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Program is an image that holds a static program and nothing else; it runs as nobody in particular.
func Program(name, binary string) (Image, error) {
	data, err := os.ReadFile(binary)
	if err != nil {
		return Image{}, fmt.Errorf("image of %s: %w", name, err)
	}
	if err := static(binary); err != nil {
		return Image{}, fmt.Errorf("image of %s: %w", name, err)
	}
	return Image{
		User: "65532:65532", Env: []string{SearchPath}, Entrypoint: []string{"/" + name}, WorkDir: "/",
		Files: []File{
			{Path: "/" + name, Mode: 0o755, Data: data},
			{Path: "/etc/passwd", Mode: 0o644, Data: []byte("root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532::/:/sbin/nologin\n")},
			{Path: "/etc/group", Mode: 0o644, Data: []byte("root:x:0:\nnonroot:x:65532:\n")},
			{Path: "/tmp", Mode: os.ModeDir | os.ModeSticky | 0o777},
		},
	}, nil
}

// static refuses a program that needs a loader: the image has none.
func static(binary string) error {
	f, err := elf.Open(binary)
	if err != nil {
		return fmt.Errorf("%s: %w", binary, err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return fmt.Errorf("%s is not static: build it with CGO_ENABLED=0", binary)
		}
	}
	return nil
}
