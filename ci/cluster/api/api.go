// Package api talks to the cluster's API with the administrator's certificate: the little that
// starting it and providing volumes needs.
package api

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/helm-valkey/helm-valkey/ci/cluster/pki"
)

// ErrNotFound and ErrConflict are the answers that callers tell apart.
var (
	ErrNotFound = errors.New("not found")
	ErrConflict = errors.New("exists already")
)

// Client is a client of one API server.
type Client struct {
	server string
	http   *http.Client
}

// Object is as much of any object as is needed here.
type Object struct {
	APIVersion string         `json:"apiVersion,omitempty"`
	Kind       string         `json:"kind,omitempty"`
	Metadata   Metadata       `json:"metadata"`
	Spec       map[string]any `json:"spec,omitempty"`
	Status     Status         `json:"status,omitzero"`
}

// Metadata names an object.
type Metadata struct {
	Name        string            `json:"name"`
	Namespace   string            `json:"namespace,omitempty"`
	UID         string            `json:"uid,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// Status is what a volume, a claim or a node says of itself.
type Status struct {
	Phase      string      `json:"phase,omitempty"`
	Conditions []Condition `json:"conditions,omitempty"`
}

// Condition is one of a node's conditions.
type Condition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Message string `json:"message,omitempty"`
}

// New reads a kubeconfig.
func New(kubeconfig string) (*Client, error) {
	server, authority, p, err := pki.ReadConfig(kubeconfig)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(p.Cert, p.Key)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", kubeconfig, err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	return &Client{server: server, http: &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12},
		// The cluster is on this machine: a proxy cannot know it.
		Proxy: nil,
	}}}, nil
}

// Ready asks whether the API server is ready to serve.
func (c *Client) Ready(ctx context.Context) error {
	_, err := c.do(ctx, http.MethodGet, "/readyz", nil)
	return err
}

// List returns the objects of a collection.
func (c *Client) List(ctx context.Context, path string) ([]Object, error) {
	text, err := c.do(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	var list struct{ Items []Object }
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("list %s: %w", path, err)
	}
	return list.Items, nil
}

// Get reads one object into out.
func (c *Client) Get(ctx context.Context, path string, out any) error {
	text, err := c.do(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, out)
}

// Create creates an object in a collection. That it exists already is ErrConflict.
func (c *Client) Create(ctx context.Context, path string, object any) error {
	text, err := json.Marshal(object)
	if err != nil {
		return err
	}
	_, err = c.do(ctx, http.MethodPost, path, text)
	return err
}

// Delete deletes an object. That there is none is ErrNotFound.
func (c *Client) Delete(ctx context.Context, path string) error {
	_, err := c.do(ctx, http.MethodDelete, path, nil)
	return err
}

// Wait returns when something in a collection has changed since it was called, or when the context is
// done.
func (c *Client) Wait(ctx context.Context, path, version string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.server+path+"?watch=1&allowWatchBookmarks=false&resourceVersion="+version, nil)
	if err != nil {
		return err
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("watch %s: %s", path, answer.Status)
	}
	_, err = io.ReadFull(answer.Body, make([]byte, 1))
	return err
}

// Version is the resource version of a collection, from which Wait goes on.
func (c *Client) Version(ctx context.Context, path string) (string, error) {
	var list struct {
		Metadata struct {
			ResourceVersion string `json:"resourceVersion"`
		} `json:"metadata"`
	}
	err := c.Get(ctx, path+"?limit=1", &list)
	return list.Metadata.ResourceVersion, err
}

func (c *Client) do(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, c.server+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	switch {
	case answer.StatusCode == http.StatusNotFound:
		return nil, fmt.Errorf("%s %s: %w", method, path, ErrNotFound)
	case answer.StatusCode == http.StatusConflict:
		return nil, fmt.Errorf("%s %s: %w", method, path, ErrConflict)
	case answer.StatusCode >= 300:
		return nil, fmt.Errorf("%s %s: %s: %s", method, path, answer.Status, strings.TrimSpace(string(text)))
	}
	return text, nil
}
