// esbuild's text loader: a stylesheet is imported as a string, for the shadow root.
declare module "*.css" {
  const text: string;
  export default text;
}
