//go:build race

package markup

const slack = 10
