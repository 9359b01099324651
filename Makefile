# make up      a Kubernetes on this machine (or CONTEXT=name), the chart in it, a key written and read
# make down    removes all of that
# make test    all tests, and what they need
# make release all that is published, into dist
SHELL := /bin/bash
MODULE := github.com/helm-valkey/helm-valkey
VERSION ?= dev
CACHE := $(or $(HELM_VALKEY_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/helm-valkey)
RELEASE ?= valkey
NAMESPACE ?= valkey
UP := go -C ci run ./up --release $(RELEASE) --namespace $(NAMESPACE) $(if $(CONTEXT),--context $(CONTEXT)) $(if $(IMAGE),--image $(IMAGE))
STATIC := CGO_ENABLED=0 go build -trimpath -buildvcs=false

.PHONY: up down test bench entrypoint image plugin release generate clean

up:
	@$(UP)

down:
	@$(UP) --down

test:
	@go -C ci run ./test $(STAGES)

bench:
	@go -C ci run ./test bench

# Without HTTP/2, which probes and peers do not speak, it is half a megabyte smaller, and
# another half without inlining, except in what a client's command passes.
SMALL := -tags nethttpomithttp2 $(addprefix -gcflags=,all=-l runtime/...= internal/...= sync/...= syscall= time= bytes= $(MODULE)/entrypoint/proxy=)
BINARY ?= bin/entrypoint
entrypoint:
	$(STATIC) $(SMALL) -ldflags '-s -w -X $(MODULE)/entrypoint/cli.version=$(VERSION)' -o $(BINARY) ./entrypoint

# An archive for "docker load", "kind load image-archive" and the like.
image: entrypoint
	go -C ci run ./images entrypoint $(CURDIR)/bin/entrypoint $(VERSION)
	@echo $(CACHE)/images/entrypoint-$(VERSION).tar

PLUGIN ?= plugin/bin/helm-valkey
plugin:
	$(STATIC) -ldflags '-s -w' -o $(PLUGIN) ./plugin/cmd/helm-valkey

# All that is published, into dist: docs/release.md.
release:
	@go -C ci run ./tools helm
	@go -C ci run ./release $(if $(KEY),--key '$(KEY)' --keyring '$(abspath $(KEYRING))' $(if $(PASSPHRASE_FILE),--passphrase-file '$(abspath $(PASSPHRASE_FILE))'))

# What is made from other files: the chart's schema and its README, the documentation of rules and of
# migration.
generate:
	go -C ci run ./tools lint
	go run ./schema/generate
	go run ./plugin/catalog/document
	go run ./plugin/migrate/document
	$(CACHE)/bin/helm-docs --chart-search-root charts/valkey

clean:
	rm -rf bin dist plugin/bin
