# Built with `make image`, or: docker build --build-arg VERSION=0.1.0 -t hookline:0.1.0 .
# The compiler runs on the machine that builds, whatever platform the image is for.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod \
    go mod download
COPY . .
ARG TARGETOS TARGETARCH
ARG VERSION=dev
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /hookline ./cmd/hookline

# Certificates, time zones, a user without rights, and nothing else: no shell, no package manager.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /hookline /hookline
ENV HOOKLINE_LOG_FORMAT=json
# By number: Kubernetes cannot tell from a name that it is not root.
USER 65532:65532
EXPOSE 8687
ENTRYPOINT ["/hookline"]
CMD ["run"]
