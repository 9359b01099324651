// Command coredns is CoreDNS with nothing but the plugins that the cluster on this machine uses.
// There is no forwarding plugin in it, so no query can leave the machine; and it builds in a small
// part of the time that the whole takes.
package main

import (
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/template"

	"github.com/coredns/coredns/coremain"
)

func main() {
	coremain.Run()
}
