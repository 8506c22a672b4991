package mapper

import (
	"github.com/twpayne/go-geom/encoding/ewkbhex"
	"github.com/twpayne/go-geom/encoding/geojson"
)

// appendGeometry appends a geometry or geography of PostGIS as GeoJSON, as ST_AsGeoJSON prints it but
// for the name of its reference system. Of text it has the EWKB in hexadecimal. What GeoJSON has no
// form for, such as curves and what has an M, stays that.
//
// https://postgis.net/docs/using_postgis_dbmanagement.html#EWKB_EWKT
// https://www.rfc-editor.org/rfc/rfc7946
func appendGeometry(dst, text []byte) []byte {
	g, err := ewkbhex.Decode(string(text))
	if err != nil || g.Layout().MIndex() >= 0 {
		return appendString(dst, text)
	}
	document, err := geojson.Marshal(g)
	if err != nil {
		return appendString(dst, text)
	}
	return append(dst, document...)
}
