// An app that needs nothing but itself: for images FROM scratch, of any platform.
package main

import (
	"net/http"
	"os"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "version" {
		println("1")
		return
	}
	status := http.StatusOK
	if os.Getenv("SICK") != "" {
		status = http.StatusInternalServerError
	}
	http.HandleFunc("/health", func(answer http.ResponseWriter, _ *http.Request) { answer.WriteHeader(status) })
	if err := http.ListenAndServe(":3000", nil); err != nil {
		println(err.Error())
		os.Exit(1)
	}
}
