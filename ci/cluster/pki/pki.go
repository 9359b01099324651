// Package pki makes the cluster's certificates and the kubeconfigs that carry them.
package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// lifetime is longer than any cluster on a developer's machine lives.
const lifetime = 365 * 24 * time.Hour

// Authority signs the cluster's certificates.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	// PEM is its certificate.
	PEM []byte
}

// Pair is a certificate with its key, in PEM.
type Pair struct{ Cert, Key []byte }

// NewAuthority makes an authority.
func NewAuthority() (Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Authority{}, fmt.Errorf("make the authority: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "helm-valkey cluster"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(lifetime),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return Authority{}, fmt.Errorf("make the authority: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return Authority{}, fmt.Errorf("make the authority: %w", err)
	}
	return Authority{cert: cert, key: key, PEM: encode("CERTIFICATE", der)}, nil
}

// Issue makes a certificate for a name in a group (which may be empty), as a client and, for the given
// addresses and host names, as a server.
func (a Authority) Issue(name, group string, hosts ...string) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, fmt.Errorf("certificate of %s: %w", name, err)
	}
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(lifetime),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	if group != "" {
		template.Subject.Organization = []string{group}
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, h)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return Pair{}, fmt.Errorf("certificate of %s: %w", name, err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Pair{}, fmt.Errorf("certificate of %s: %w", name, err)
	}
	return Pair{Cert: encode("CERTIFICATE", der), Key: encode("PRIVATE KEY", private)}, nil
}

// Write puts a pair into dir as NAME.crt and NAME.key.
func (p Pair) Write(dir, name string) error {
	if err := os.WriteFile(filepath.Join(dir, name+".crt"), p.Cert, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name+".key"), p.Key, 0o600)
}

// Config is a kubeconfig. JSON is YAML, so it is written as that.
type Config struct {
	APIVersion     string    `json:"apiVersion"`
	Kind           string    `json:"kind"`
	CurrentContext string    `json:"current-context"`
	Clusters       []cluster `json:"clusters"`
	Contexts       []context `json:"contexts"`
	Users          []user    `json:"users"`
}

type cluster struct {
	Name    string `json:"name"`
	Cluster struct {
		Server    string `json:"server"`
		Authority []byte `json:"certificate-authority-data"`
	} `json:"cluster"`
}

type context struct {
	Name    string `json:"name"`
	Context struct {
		Cluster string `json:"cluster"`
		User    string `json:"user"`
	} `json:"context"`
}

type user struct {
	Name string `json:"name"`
	User struct {
		Cert []byte `json:"client-certificate-data"`
		Key  []byte `json:"client-key-data"`
	} `json:"user"`
}

// Name is what the kubeconfig's cluster, user and context are called.
const Name = "helm-valkey"

// WriteConfig issues a certificate and writes a kubeconfig with it.
func (a Authority) WriteConfig(file, server, name, group string) error {
	p, err := a.Issue(name, group)
	if err != nil {
		return err
	}
	c := Config{
		APIVersion: "v1", Kind: "Config", CurrentContext: Name,
		Clusters: make([]cluster, 1), Contexts: make([]context, 1), Users: make([]user, 1),
	}
	c.Clusters[0].Name, c.Contexts[0].Name, c.Users[0].Name = Name, Name, Name
	c.Clusters[0].Cluster.Server, c.Clusters[0].Cluster.Authority = server, a.PEM
	c.Contexts[0].Context.Cluster, c.Contexts[0].Context.User = Name, Name
	c.Users[0].User.Cert, c.Users[0].User.Key = p.Cert, p.Key
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o600)
}

// ReadConfig reads a kubeconfig that WriteConfig wrote.
func ReadConfig(file string) (server string, authority []byte, p Pair, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", nil, Pair{}, err
	}
	var c Config
	if err := json.Unmarshal(text, &c); err != nil {
		return "", nil, Pair{}, fmt.Errorf("read %s: %w", file, err)
	}
	if len(c.Clusters) != 1 || len(c.Users) != 1 {
		return "", nil, Pair{}, fmt.Errorf("read %s: not a kubeconfig of this cluster", file)
	}
	return c.Clusters[0].Cluster.Server, c.Clusters[0].Cluster.Authority, Pair{Cert: c.Users[0].User.Cert, Key: c.Users[0].User.Key}, nil
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func serial() *big.Int {
	var b [16]byte
	rand.Read(b[:])
	return new(big.Int).SetBytes(b[:])
}
