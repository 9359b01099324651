package migrate

// OpenAll reads the tables of all charts.
func OpenAll() ([]*Chart, error) {
	var all []*Chart
	for _, name := range names {
		c, err := Open(name)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// Detect says which of the charts values are for: those that know the most of
// their keys, one if it is certain. Its second result is how many values these
// do not know.
func Detect(charts []*Chart, given map[string]any) (best []*Chart, fewest int) {
	for _, c := range charts {
		strange := c.root.strange(given)
		if best == nil || strange < fewest {
			best, fewest = nil, strange
		}
		if strange == fewest {
			best = append(best, c)
		}
	}
	return best, fewest
}

// strange counts the keys that a chart does not know.
func (s *step) strange(given map[string]any) int {
	n := 0
	for key, value := range given {
		next := s.below[key]
		if next == nil {
			next = s.below["*"]
		}
		if next == nil {
			n += leaves(value)
			continue
		}
		if table, ok := value.(map[string]any); ok && next.below != nil {
			n += next.strange(table)
		}
	}
	return n
}

// leaves counts the values within a value.
func leaves(value any) int {
	table, ok := value.(map[string]any)
	if !ok || len(table) == 0 {
		return 1
	}
	n := 0
	for _, inner := range table {
		n += leaves(inner)
	}
	return n
}
