package twentydb

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"hookline/internal/pg"
)

// AddObject adds a custom object to a workspace in one transaction, as an administrator does in
// Settings: metadata, and a table whose name is the object's with an underscore before it. It has
// the fields of rocket, but for relations.
func AddObject(ctx context.Context, conn *pgx.Conn, workspace, singular, plural string) error {
	schema, err := SchemaName(workspace)
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			with rocket as (
				select * from core."objectMetadata" where "workspaceId" = $1 and "nameSingular" = 'rocket'
			), object as (
				insert into core."objectMetadata"
				select (jsonb_populate_record(o, jsonb_build_object('id', gen_random_uuid(), 'universalIdentifier', gen_random_uuid(),
					'nameSingular', $2::text, 'namePlural', $3::text, 'labelSingular', $2::text, 'labelPlural', $3::text))).*
				from core."objectMetadata" o join rocket using (id)
				returning id
			)
			insert into core."fieldMetadata"
			select (jsonb_populate_record(f, jsonb_build_object('id', gen_random_uuid(), 'universalIdentifier', gen_random_uuid(),
				'objectMetadataId', object.id))).*
			from core."fieldMetadata" f join rocket on f."objectMetadataId" = rocket.id, object
			where f."relationTargetFieldMetadataId" is null`, workspace, singular, plural)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, fmt.Sprintf("create table %s (like %s including all)",
			pg.Identifier(schema, "_"+singular), pg.Identifier(schema, "_rocket")))
		return err
	})
	if err != nil {
		return fmt.Errorf("add object %s to workspace %s: %w", singular, workspace, err)
	}
	return nil
}
