package lint

import (
	"cmp"
	"slices"
	"strings"
)

// distance counts the letters to change, add, leave out or swap to get from
// one word to the other. Capitals, hyphens and underscores do not count.
func distance(a, b string) int {
	from, to := []rune(folded(a)), []rune(folded(b))
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

func folded(word string) string { return strings.ToLower(separators.Replace(word)) }

// near says whether one word may be a slip of the pen for the other.
func near(a, b string) bool { return distance(a, b) <= min(3, (len(folded(a))+1)/3) }

// longestWord is up to where words are compared: no key of the chart is longer.
const longestWord = 60

// nearest are those of the words that are near, the nearest first.
func nearest(word string, words []string) []string {
	if len(word) > longestWord {
		return nil
	}
	var found []string
	for _, candidate := range words {
		if near(word, candidate) {
			found = append(found, candidate)
		}
	}
	slices.SortStableFunc(found, func(a, b string) int { return cmp.Compare(distance(word, a), distance(word, b)) })
	return found
}
