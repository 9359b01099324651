package pki

import (
	"crypto/tls"
	"crypto/x509"
	"path/filepath"
	"testing"
)

func TestIssue(t *testing.T) {
	a, err := NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	p, err := a.Issue("system:node:node1", "system:nodes", "192.0.2.11", "node1")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(p.Cert, p.Key)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(a.PEM)
	for _, host := range []string{"192.0.2.11", "node1"} {
		if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: host}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	if pair.Leaf.Subject.CommonName != "system:node:node1" || pair.Leaf.Subject.Organization[0] != "system:nodes" {
		t.Errorf("got subject %v", pair.Leaf.Subject)
	}
}

func TestConfig(t *testing.T) {
	a, err := NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := a.WriteConfig(file, "https://192.0.2.1:6443", "admin", "system:masters"); err != nil {
		t.Fatal(err)
	}
	server, authority, p, err := ReadConfig(file)
	if err != nil {
		t.Fatal(err)
	}
	if server != "https://192.0.2.1:6443" || string(authority) != string(a.PEM) {
		t.Errorf("got server %s", server)
	}
	if _, err := tls.X509KeyPair(p.Cert, p.Key); err != nil {
		t.Error(err)
	}
}
