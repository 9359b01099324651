// Package spelling finds words that another one may be a slip of the pen for.
package spelling

import (
	"cmp"
	"slices"
	"strings"
)

// Distance counts the letters to change, add, leave out or swap to get from
// one word to the other. Capitals, hyphens and underscores do not count.
func Distance(a, b string) int {
	from, to := []rune(Folded(a)), []rune(Folded(b))
	before, last, here := make([]int, len(to)+1), make([]int, len(to)+1), make([]int, len(to)+1)
	for j := range last {
		last[j] = j
	}
	for i := range from {
		here[0] = i + 1
		for j := range to {
			cost := 1
			if from[i] == to[j] {
				cost = 0
			}
			here[j+1] = min(last[j]+cost, last[j+1]+1, here[j]+1)
			if i > 0 && j > 0 && from[i] == to[j-1] && from[i-1] == to[j] {
				here[j+1] = min(here[j+1], before[j-1]+1)
			}
		}
		before, last, here = last, here, before
	}
	return last[len(to)]
}

var separators = strings.NewReplacer("-", "", "_", "", " ", "", "\u00a0", "")

// Folded is a word without what does not count.
func Folded(word string) string { return strings.ToLower(separators.Replace(word)) }

// Near says whether one word may be a slip of the pen for the other.
func Near(a, b string) bool { return Distance(a, b) <= min(3, (len(Folded(a))+1)/3) }

// LongestWord is up to where words are compared: no key of the chart is longer.
const LongestWord = 60

// Nearest are those of the words that are near, the nearest first.
func Nearest(word string, words []string) []string {
	if len(word) > LongestWord {
		return nil
	}
	var found []string
	for _, candidate := range words {
		if Near(word, candidate) {
			found = append(found, candidate)
		}
	}
	slices.SortStableFunc(found, func(a, b string) int { return cmp.Compare(Distance(word, a), Distance(word, b)) })
	return found
}
