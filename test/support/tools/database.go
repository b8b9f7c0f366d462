// Writes a vulnerability database for grype with one entry: OUTPUT PACKAGE SEVERITY. Versions of the npm package below 2.0.0 have it.
package main

import (
	"os"
	"time"

	db "github.com/anchore/grype/grype/db/v6"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	folder, name, severity := os.Args[1], os.Args[2], os.Args[3]
	writer, err := db.NewWriter(db.Config{DBDirPath: folder})
	check(err)
	now := time.Now()
	vulnerability := &db.VulnerabilityHandle{
		Name:          "GHSA-test-0000-0001",
		Status:        db.VulnerabilityActive,
		PublishedDate: &now,
		Provider:      &db.Provider{ID: "github", Version: "1", Processor: "test", DateCaptured: &now, InputDigest: "xxh64:0"},
		BlobValue: &db.VulnerabilityBlob{
			ID:         "GHSA-test-0000-0001",
			Severities: []db.Severity{{Scheme: db.SeveritySchemeCHMLN, Value: severity, Rank: 1}},
		},
	}
	check(writer.AddVulnerabilities(vulnerability))
	check(writer.AddAffectedPackages(&db.AffectedPackageHandle{
		Vulnerability: vulnerability,
		Package:       &db.Package{Ecosystem: "npm", Name: name},
		BlobValue: &db.PackageBlob{
			Ranges: []db.Range{{
				Version: db.Version{Type: "semver", Constraint: "< 2.0.0"},
				Fix:     &db.Fix{Version: "2.0.0", State: db.FixedStatus},
			}},
		},
	}))
	check(writer.SetDBMetadata())
	check(writer.Close())
}
