package peer

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Key signs what peers say to each other. It is made from the password that they
// share and the id of their release, so that a pod of another release, or one
// that inherited an address, is never believed.
type Key struct {
	cluster string
	secret  []byte
}

// NewKey makes the key of a release.
func NewKey(cluster, password string) Key {
	mac := hmac.New(sha256.New, []byte(password))
	mac.Write([]byte("entrypoint control 1\n" + cluster))
	return Key{cluster: cluster, secret: mac.Sum(nil)}
}

// sign returns the signature of parts, in hexadecimal digits. Each part goes in
// with its length, so that no two lists of parts look alike.
func (k Key) sign(parts ...string) string {
	mac := hmac.New(sha256.New, k.secret)
	for _, part := range parts {
		fmt.Fprintf(mac, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(mac.Sum(nil))
}

func (k Key) verify(signature string, parts ...string) bool {
	return hmac.Equal([]byte(strings.ToLower(signature)), []byte(k.sign(parts...)))
}

// nonce ties an answer to its request, so that an old answer can't be played
// again.
func nonce() string {
	b := make([]byte, 16)
	rand.Read(b)
	return hex.EncodeToString(b)
}
