/** Every component in every state, for those who build the app. Not part of a released build. */
import { name, space, type } from "@molt/brand";
import Head from "expo-router/head";
import { useState } from "react";
import { ScrollView, StyleSheet, View } from "react-native";
import { Button, IconButton, type ButtonKind } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Icon, type IconName } from "../ui/icon.tsx";
import { Mark, Wordmark } from "../ui/mark.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { Sheet } from "../ui/sheet.tsx";
import { Badge, Banner, EmptyState, Skeleton, type BadgeTone } from "../ui/surface.tsx";
import { Text, type TextKind } from "../ui/text.tsx";
import { useAppearance, useColors } from "../ui/theme.ts";
import { Spinner } from "../ui/spinner.tsx";
import { Shelf } from "./shelf.tsx";
import { BirthStates, ChatStates, UsageStates } from "./states.tsx";

const tones: readonly BadgeTone[] = ["kelp", "amber", "thought", "danger", "muted"];
const buttons: readonly ButtonKind[] = ["primary", "quiet", "ghost", "danger"];
const icons: readonly IconName[] = [
  "chat",
  "brain",
  "usage",
  "settings",
  "send",
  "stop",
  "copy",
  "check",
  "down",
  "left",
  "right",
  "close",
  "list",
  "file",
  "graph",
  "retry",
  "alert",
  "moon",
  "mail",
  "external",
];

export function CatalogueScreen() {
  const { appearance, setAppearance } = useAppearance();
  return (
    <ScrollView contentContainerStyle={s.page} tabIndex={0}>
      <Head>
        <title>{`Catalogue · ${name}`}</title>
      </Head>
      <View role="main" style={s.column}>
        <Text kind="title" level={1}>
          Catalogue
        </Text>
        <Segmented
          label="Appearance"
          value={appearance}
          onChange={setAppearance}
          options={[
            { value: "system", label: "System" },
            { value: "light", label: "Light" },
            { value: "dark", label: "Dark" },
          ]}
        />
        <Words />
        <Controls />
        <Surfaces />
        <ChatStates />
        <BirthStates />
        <UsageStates />
      </View>
    </ScrollView>
  );
}

function Words() {
  const c = useColors();
  return (
    <Shelf title="Words and marks">
      <Wordmark />
      <View style={s.row}>
        {[16, 24, 48, 96].map((size) => (
          <Mark key={size} size={size} />
        ))}
      </View>
      {(Object.keys(type) as TextKind[]).map((kind) => (
        <Text key={kind} kind={kind}>
          {kind}: it grows by leaving its shell
        </Text>
      ))}
      <View style={s.row}>
        {icons.map((icon) => (
          <Icon key={icon} name={icon} color={c.text} />
        ))}
      </View>
    </Shelf>
  );
}

function Controls() {
  const c = useColors();
  const [open, setOpen] = useState(false);
  const [text, setText] = useState("");
  const nothing = () => undefined;
  return (
    <Shelf title="Controls">
      {buttons.map((kind) => (
        <View key={kind} style={s.row}>
          <Button kind={kind} label={`A ${kind} button`} onPress={nothing} />
          <Button kind={kind} label="With an icon" icon="mail" small onPress={nothing} />
          <Button kind={kind} label="Busy" busy onPress={nothing} />
          <Button
            kind={kind}
            label="Not now"
            disabledReason="Because it is not time yet."
            onPress={nothing}
          />
        </View>
      ))}
      <View style={s.row}>
        <IconButton icon="copy" label="Copy" onPress={nothing} />
        <IconButton icon="close" label="Close" size={36} onPress={nothing} />
        <Spinner color={c.shell} />
        <Button kind="quiet" label="Open a sheet" small onPress={() => setOpen(true)} />
      </View>
      <Field
        label="A field"
        value={text}
        onChangeText={setText}
        placeholder="With a placeholder"
        hint="And a hint."
      />
      <Field
        label="A field with a mistake"
        value="ada@"
        onChangeText={nothing}
        error="This does not look like an e-mail address."
      />
      <Field label="A code" code value="123456" onChangeText={nothing} />
      <Sheet title="A sheet" open={open} onClose={() => setOpen(false)}>
        <Text>It comes from below on a phone and stands in the middle of a desk.</Text>
      </Sheet>
    </Shelf>
  );
}

function Surfaces() {
  return (
    <Shelf title="Surfaces">
      <View style={s.row}>
        {tones.map((tone) => (
          <Badge key={tone} tone={tone} label={tone} live={tone === "kelp"} />
        ))}
      </View>
      {tones.map((tone) => (
        <Banner
          key={tone}
          tone={tone}
          title={`A ${tone} banner`}
          action={<Button label="Do it" small onPress={() => undefined} />}
        >
          What happened, and what it means for the reader.
        </Banner>
      ))}
      <Skeleton width="70%" />
      <Skeleton height={80} />
      <EmptyState title="An empty state">It says what will be here, and how to begin.</EmptyState>
    </Shelf>
  );
}

const s = StyleSheet.create({
  page: { padding: space.xl, paddingBottom: space.xxxl },
  column: { width: "100%", maxWidth: 900, alignSelf: "center", gap: space.xl },
  row: { flexDirection: "row", flexWrap: "wrap", alignItems: "center", gap: space.m },
});
