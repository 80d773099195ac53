"""A dog's columns and its open adoption say the same, whoever writes them.

On PostgreSQL two triggers look when a transaction ends. A dog whose columns were written without
its adoption, by SQL or by a process of the release before, gets it; an adoption that says another
thing than its dog is refused.
"""

from django.conf import settings
from django.db import migrations, models

from core.db import on_postgresql

WATCH = """
CREATE FUNCTION dogs_adoption_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    dog dogs_dog;
BEGIN
    SET CONSTRAINTS dogs_adoption_agrees DEFERRED;  -- not between the two statements below
    SELECT * INTO dog FROM dogs_dog WHERE id = NEW.id;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    UPDATE dogs_adoption
    SET ended_at = greatest(now(), adopted_at),
        end_reason = CASE WHEN dog.is_adopted THEN 'passed_on' ELSE 'returned' END
    WHERE dog_id = dog.id AND ended_at IS NULL
      AND (NOT dog.is_adopted OR owner_id IS DISTINCT FROM dog.owner_id);
    IF dog.is_adopted THEN
        INSERT INTO dogs_adoption (dog_id, owner_id, adopted_at, end_reason)
        VALUES (dog.id, dog.owner_id, now(), '')
        ON CONFLICT (dog_id) WHERE ended_at IS NULL DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION dogs_adoption_agrees() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    dog dogs_dog;
BEGIN
    -- An adoption that is moved concerns two dogs.
    FOR dog IN SELECT * FROM dogs_dog WHERE id IN (OLD.dog_id, NEW.dog_id) LOOP
        IF ARRAY(
            SELECT owner_id FROM dogs_adoption WHERE dog_id = dog.id AND ended_at IS NULL
        ) IS DISTINCT FROM (CASE WHEN dog.is_adopted THEN ARRAY[dog.owner_id] ELSE '{}' END) THEN
            RAISE EXCEPTION 'dog %% and its open adoption contradict each other', dog.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'dogs_adoption_agrees';
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER dogs_adoption_follows_new AFTER INSERT ON dogs_dog
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.is_adopted)
    EXECUTE FUNCTION dogs_adoption_follows();
CREATE CONSTRAINT TRIGGER dogs_adoption_follows AFTER UPDATE OF is_adopted, owner_id ON dogs_dog
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN ((OLD.is_adopted, OLD.owner_id) IS DISTINCT FROM (NEW.is_adopted, NEW.owner_id))
    EXECUTE FUNCTION dogs_adoption_follows();
CREATE CONSTRAINT TRIGGER dogs_adoption_agrees AFTER INSERT OR UPDATE OR DELETE ON dogs_adoption
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dogs_adoption_agrees();
"""
UNWATCH = """
DROP TRIGGER dogs_adoption_agrees ON dogs_adoption;
DROP TRIGGER dogs_adoption_follows ON dogs_dog;
DROP TRIGGER dogs_adoption_follows_new ON dogs_dog;
DROP FUNCTION dogs_adoption_agrees();
DROP FUNCTION dogs_adoption_follows();
"""


class Migration(migrations.Migration):
    """Adds the constraint and the triggers."""

    dependencies = [
        ("dogs", "0004_adoptions_of_before"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='dog',
            constraint=models.CheckConstraint(condition=models.Q(('owner__isnull', True), ('is_adopted', True), _connector='OR'), name='dogs_owner_has_adopted'),
        ),
        migrations.RunPython(on_postgresql(WATCH), on_postgresql(UNWATCH)),
    ]
