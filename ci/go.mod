module github.com/helm-valkey/helm-valkey/ci

go 1.26.0
