-- Request Tracker 5.0.3 (Debian request-tracker5 5.0.3+dfsg-3~deb12u7), worked through its Perl API: the tables that the acts changed, without
-- indexes, defaults and references. Passwords, tokens and sessions are replaced.
CREATE TABLE articles (
    id integer NOT NULL,
    name character varying(255) NOT NULL,
    summary character varying(255) NOT NULL,
    sortorder integer NOT NULL,
    class integer NOT NULL,
    parent integer NOT NULL,
    uri character varying(255),
    disabled smallint NOT NULL,
    creator integer NOT NULL,
    created timestamp without time zone,
    lastupdatedby integer NOT NULL,
    lastupdated timestamp without time zone,
    PRIMARY KEY (id)
);
CREATE TABLE assets (
    id integer NOT NULL,
    name character varying(255) NOT NULL,
    catalog integer NOT NULL,
    status character varying(64) NOT NULL,
    description character varying(255) NOT NULL,
    creator integer NOT NULL,
    created timestamp without time zone,
    lastupdatedby integer NOT NULL,
    lastupdated timestamp without time zone,
    PRIMARY KEY (id)
);
CREATE TABLE attachments (
    id bigint NOT NULL,
    transactionid bigint NOT NULL,
    parent bigint NOT NULL,
    messageid character varying(160),
    subject character varying(255),
    filename character varying(255),
    contenttype character varying(80),
    contentencoding character varying(80),
    content text,
    headers text,
    creator integer NOT NULL,
    created timestamp without time zone,
    PRIMARY KEY (id)
);
CREATE TABLE attributes (
    id integer NOT NULL,
    name character varying(255) NOT NULL,
    description character varying(255),
    content text,
    contenttype character varying(16),
    objecttype character varying(64),
    objectid integer,
    creator integer NOT NULL,
    created timestamp without time zone,
    lastupdatedby integer NOT NULL,
    lastupdated timestamp without time zone,
    PRIMARY KEY (id)
);
CREATE TABLE authtokens (
    id integer NOT NULL,
    owner integer NOT NULL,
    token character varying(256),
    description character varying(255) NOT NULL,
    lastused timestamp without time zone,
    creator integer NOT NULL,
    created timestamp without time zone,
    lastupdatedby integer NOT NULL,
    lastupdated timestamp without time zone,
    PRIMARY KEY (id)
);
CREATE TABLE cachedgroupmembers (
    id integer NOT NULL,
    groupid integer,
    memberid integer,
    via integer,
    immediateparentid integer,
    disabled integer NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE catalogs (
    id integer NOT NULL,
    name character varying(255) NOT NULL,
    lifecycle character varying(32) NOT NULL,
    description character varying(255) NOT NULL,
    disabled integer NOT NULL,
    creator integer NOT NULL,
    created timestamp without time zone,
    lastupdatedby integer NOT NULL,
    lastupdated timestamp without time zone,
    PRIMARY KEY (id)
);
CREATE TABLE customfields (
    id integer NOT NULL,
    name character varying(200),
    type character varying(200),
    rendertype character varying(64),
    maxvalues integer NOT NULL,
    valuesclass character varying(64),
    basedon integer,
    pattern character varying(65536),
    lookuptype character varying(255) NOT NULL,
    entryhint character varying(255),
    description character varying(255),
    sortorder integer NOT NULL,
    uniquevalues integer NOT NULL,
    canonicalizeclass character varying(64),
    creator integer NOT NULL,
    created timestamp without time zone,
    lastupdatedby integer NOT NULL,
    lastupdated timestamp without time zone,
    disabled integer NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE groupmembers (
    id integer NOT NULL,
    groupid integer NOT NULL,
    memberid integer NOT NULL,
    creator integer NOT NULL,
    created timestamp without time zone,
    lastupdatedby integer NOT NULL,
    lastupdated timestamp without time zone,
    PRIMARY KEY (id)
);
CREATE TABLE groups (
    id integer NOT NULL,
    name character varying(200),
    description character varying(255),
    domain character varying(64),
    instance integer,
    creator integer NOT NULL,
    created timestamp without time zone,
    lastupdatedby integer NOT NULL,
    lastupdated timestamp without time zone,
    PRIMARY KEY (id)
);
CREATE TABLE links (
    id integer NOT NULL,
    base character varying(240),
    target character varying(240),
    type character varying(20) NOT NULL,
    localtarget integer NOT NULL,
    localbase integer NOT NULL,
    lastupdatedby integer NOT NULL,
    lastupdated timestamp without time zone,
    creator integer NOT NULL,
    created timestamp without time zone,
    PRIMARY KEY (id)
);
CREATE TABLE objectcustomfields (
    id integer NOT NULL,
    customfield integer NOT NULL,
    objectid integer NOT NULL,
    sortorder integer NOT NULL,
    creator integer NOT NULL,
    created timestamp without time zone,
    lastupdatedby integer NOT NULL,
    lastupdated timestamp without time zone,
    PRIMARY KEY (id)
);
CREATE TABLE objectcustomfieldvalues (
    id integer NOT NULL,
    customfield integer NOT NULL,
    objecttype character varying(255),
    objectid bigint NOT NULL,
    sortorder integer NOT NULL,
    content character varying(255),
    largecontent text,
    contenttype character varying(80),
    contentencoding character varying(80),
    creator integer NOT NULL,
    created timestamp without time zone,
    lastupdatedby integer NOT NULL,
    lastupdated timestamp without time zone,
    disabled integer NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE principals (
    id integer NOT NULL,
    principaltype character varying(16) NOT NULL,
    disabled integer NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE queues (
    id integer NOT NULL,
    name character varying(200) NOT NULL,
    description character varying(255),
    correspondaddress character varying(120),
    commentaddress character varying(120),
    lifecycle character varying(32),
    subjecttag character varying(120),
    sortorder integer NOT NULL,
    creator integer NOT NULL,
    created timestamp without time zone,
    lastupdatedby integer NOT NULL,
    lastupdated timestamp without time zone,
    sladisabled integer NOT NULL,
    disabled integer NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE scripconditions (
    id integer NOT NULL,
    name character varying(200),
    description character varying(255),
    execmodule character varying(60),
    argument character varying(255),
    applicabletranstypes character varying(60),
    creator integer NOT NULL,
    created timestamp without time zone,
    lastupdatedby integer NOT NULL,
    lastupdated timestamp without time zone,
    PRIMARY KEY (id)
);
CREATE TABLE sessions (
    id character(32) NOT NULL,
    a_session bytea,
    lastupdated timestamp without time zone NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE tickets (
    id integer NOT NULL,
    effectiveid integer NOT NULL,
    ismerged smallint,
    queue integer NOT NULL,
    type character varying(16),
    owner integer NOT NULL,
    subject character varying(200),
    initialpriority integer NOT NULL,
    finalpriority integer NOT NULL,
    priority integer NOT NULL,
    timeestimated integer NOT NULL,
    timeworked integer NOT NULL,
    status character varying(64),
    sla character varying(64),
    timeleft integer NOT NULL,
    told timestamp without time zone,
    starts timestamp without time zone,
    started timestamp without time zone,
    due timestamp without time zone,
    resolved timestamp without time zone,
    lastupdatedby integer NOT NULL,
    lastupdated timestamp without time zone,
    creator integer NOT NULL,
    created timestamp without time zone,
    PRIMARY KEY (id)
);
CREATE TABLE transactions (
    id bigint NOT NULL,
    objecttype character varying(255) NOT NULL,
    objectid integer NOT NULL,
    timetaken integer NOT NULL,
    type character varying(20),
    field character varying(255),
    oldvalue character varying(255),
    newvalue character varying(255),
    referencetype character varying(255),
    oldreference integer,
    newreference integer,
    data character varying(255),
    creator integer NOT NULL,
    created timestamp without time zone,
    PRIMARY KEY (id)
);
CREATE TABLE users (
    id integer NOT NULL,
    name character varying(200) NOT NULL,
    password character varying(256),
    authtoken character varying(16),
    comments text,
    signature text,
    emailaddress character varying(120),
    freeformcontactinfo text,
    organization character varying(200),
    realname character varying(120),
    nickname character varying(16),
    lang character varying(16),
    gecos character varying(16),
    homephone character varying(30),
    workphone character varying(30),
    mobilephone character varying(30),
    pagerphone character varying(30),
    address1 character varying(200),
    address2 character varying(200),
    city character varying(100),
    state character varying(100),
    zip character varying(16),
    country character varying(50),
    timezone character varying(50),
    smimecertificate text,
    creator integer NOT NULL,
    created timestamp without time zone,
    lastupdatedby integer NOT NULL,
    lastupdated timestamp without time zone,
    PRIMARY KEY (id)
);
