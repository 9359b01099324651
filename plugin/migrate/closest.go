package migrate

import (
	"maps"
	"slices"
)

// closest is the known key that is most like a key, if one is like it at all.
func closest(key string, known map[string]*step) string {
	best, distance := "", 1+len(key)/3
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if d := edits(key, name); d <= distance && (best == "" || d < distance) {
			best, distance = name, d
		}
	}
	return best
}

// edits is how many letters have to be put in, taken out or changed.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
