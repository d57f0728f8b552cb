// check FOLDER: by golang.org/x/mod, which checks Go's checksum database: the note and
// the proofs that shell checks, and all of the exported tree and its entries in
// FOLDER/export, where it proves each record, and each tenth size, anew.
package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type files struct{ folder string }

func (f files) Height() int { return 8 }

func (f files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range tiles {
		data, err := os.ReadFile(f.path(strconv.Itoa(t.L), t.N, t.W))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (f files) SaveTiles([]tlog.Tile, [][]byte) {}

func (f files) path(kind string, n int64, width int) string {
	name := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		name = fmt.Sprintf("x%03d/%s", n%1000, name)
	}
	name = filepath.Join(f.folder, "tile", kind, name)
	if width < 256 {
		name += fmt.Sprintf(".p/%d", width)
	}
	return name
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func open(file string, verifier note.Verifier) tlog.Tree {
	data, err := os.ReadFile(file)
	must(err)
	signed, err := note.Open(data, note.VerifierList(verifier))
	must(err)
	lines := strings.Split(signed.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := tlog.ParseHash(lines[2])
	must(err)
	return tlog.Tree{N: size, Hash: root}
}

func main() {
	folder := os.Args[1]
	vkey, err := os.ReadFile(filepath.Join(folder, "vkey"))
	must(err)
	verifier, err := note.NewVerifier(strings.TrimSpace(string(vkey)))
	must(err)

	tree := open(filepath.Join(folder, "note"), verifier)
	proofs, err := filepath.Glob(filepath.Join(folder, "proofs", "*"))
	must(err)
	for _, file := range proofs {
		data, err := os.ReadFile(file)
		must(err)
		lines := strings.Fields(string(data))
		index, err := strconv.ParseInt(lines[0], 10, 64)
		must(err)
		leaf, err := hex.DecodeString(lines[1])
		must(err)
		var proof tlog.RecordProof
		for _, line := range lines[2:] {
			var hash tlog.Hash
			_, err := hex.Decode(hash[:], []byte(line))
			must(err)
			proof = append(proof, hash)
		}
		must(tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(leaf)))
	}

	export := files{filepath.Join(folder, "export")}
	tree = open(filepath.Join(export.folder, "checkpoint"), verifier)
	reader := tlog.TileHashReader(tree, export)
	for n := int64(0); n*256 < tree.N; n++ {
		width := int64(256)
		if tree.N-n*256 < width {
			width = tree.N - n*256
		}
		data, err := os.ReadFile(export.path("entries", n, int(width)))
		must(err)
		for i := int64(0); i < width; i++ {
			length := int(data[0])<<8 | int(data[1])
			leaf := data[2 : 2+length]
			data = data[2+length:]
			if !bytes.HasPrefix(leaf, []byte("contact_guard/leaf/v1\n")) {
				log.Fatalf("record %d is no leaf of ours", n*256+i)
			}
			proof, err := tlog.ProveRecord(tree.N, n*256+i, reader)
			must(err)
			must(tlog.CheckRecord(proof, tree.N, tree.Hash, n*256+i, tlog.RecordHash(leaf)))
		}
		if len(data) > 0 {
			log.Fatalf("bundle %d has more than its records", n)
		}
	}
	for size := int64(1); size <= tree.N; size += 10 {
		hash, err := tlog.TreeHash(size, reader)
		must(err)
		proof, err := tlog.ProveTree(tree.N, size, reader)
		must(err)
		must(tlog.CheckTree(proof, tree.N, tree.Hash, size, hash))
	}
}
