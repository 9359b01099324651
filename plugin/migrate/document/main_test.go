package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDocumentIsUpToDate(t *testing.T) {
	want, err := os.ReadFile("../../../" + path)
	require.NoError(t, err)
	got, err := text()
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "make generate writes it")
}
